// The page's text, in the language that ComfyUI's page speaks.
import { app } from "../../../scripts/app.js";

const WORDS = {
  en: {
    trim: "Drag the ends to take a part of the film",
    start: "first frame that is taken",
    end: "end of the part that is taken",
    part: (from, to, all) => `${from} to ${to} of ${all} s`,
    photo: "Photo",
    notHere: "No preview: this film does not come from the file picker.",
    unplayable: "No preview: the browser cannot play this file. It can be used all the same.",
    noFace: "no face here",
  },
  zh: {
    trim: "拖动两端，只取影片的一段",
    start: "所取片段的第一帧",
    end: "所取片段的结尾",
    part: (from, to, all) => `${from} 至 ${to} 秒，共 ${all} 秒`,
    photo: "照片",
    notHere: "无预览：影片不是在文件列表里选的。",
    unplayable: "无预览：浏览器无法播放此文件，但仍可使用。",
    noFace: "此处没有人脸",
  },
};

export function words() {
  const locale = app.extensionManager?.setting?.get("Comfy.Locale") ?? "en";
  return String(locale).startsWith("zh") ? WORDS.zh : WORDS.en;
}
