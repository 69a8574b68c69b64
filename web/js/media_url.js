// Where the page finds what the file picker names: "film.mp4", "sub/film.mp4 [output]", "portrait.jpg [example]".
import { api } from "../../../scripts/api.js";

const PACK = new URL(import.meta.url).pathname.split("/extensions/")[1].split("/")[0];

export function mediaUrl(name) {
  const [, path, folder = "input"] = /^(.*?)(?: \[(input|output|temp|example)\])?$/.exec(name);
  if (folder === "example") return api.apiURL(`/workflow_templates/${PACK}/inputs/${encodeURIComponent(path)}`);
  const parts = path.split("/");
  const query = new URLSearchParams({ filename: parts.pop(), subfolder: parts.join("/"), type: folder });
  return api.apiURL(`/view?${query}`);
}

export function isPhoto(name) {
  return /\.(png|jpe?g|webp|bmp|tiff?|avif|gif)( \[\w+\])?$/i.test(name);
}
