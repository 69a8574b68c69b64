// Load Avatar: the chosen film or photo plays in the node, with the followed face and handles that trim.
import { app } from "../../../scripts/app.js";
import { after, softly } from "./after.js";
import { boxAt, drawFace } from "./face_overlay.js";
import { isPhoto, mediaUrl } from "./media_url.js";
import { element, makeTrimBar } from "./trim_bar.js";
import { words } from "./words.js";

const NODE = "TA_LoadAvatarVideo";
const LOWEST = 250; // pixels on the canvas
const STYLE = `
.ta-preview { display: flex; flex-direction: column; gap: 4px; width: 100%; height: 100%; min-height: ${LOWEST}px; overflow: hidden; }
.ta-stage { flex: 1; min-height: 0; display: flex; align-items: center; justify-content: center; position: relative; }
.ta-stage > :not(canvas) { max-width: 100%; max-height: 100%; width: 100%; height: 100%; object-fit: contain; }
.ta-stage > canvas { position: absolute; pointer-events: none; }
.ta-trim { position: relative; height: 14px; margin: 0 8px; border-radius: 4px; background: #8883; flex: none; }
.ta-taken { position: absolute; top: 0; bottom: 0; background: #4ade8066; }
.ta-handle { position: absolute; top: -2px; width: 10px; height: 18px; margin-left: -5px; border-radius: 3px; background: #4ade80;
  cursor: ew-resize; touch-action: none; }
.ta-line { flex: none; font: 11px sans-serif; text-align: center; opacity: 0.8; min-height: 14px; }`;

app.registerExtension({
  name: "TalkingAvatar.AvatarPreview",
  setup() {
    document.head.appendChild(Object.assign(document.createElement("style"), { textContent: STYLE }));
  },
  nodeCreated(node) {
    if (node.comfyClass === NODE) softly(() => addPreview(node));
  },
  loadedGraphNode(node) {
    if (node.comfyClass === NODE) softly(() => node.avatarPreview?.refresh());
  },
});

function addPreview(node) {
  const root = element("div", "ta-preview");
  const stage = root.appendChild(element("div", "ta-stage"));
  const canvas = stage.appendChild(document.createElement("canvas"));
  const find = (name) => node.widgets?.find((one) => one.name === name);
  const set = (name, value) => {
    const widget = find(name);
    if (!widget) return;
    widget.value = value;
    widget.callback?.(value, app.canvas, node);
  };
  const trim = makeTrimBar(
    () => ({ start: Number(find("start")?.value ?? 0), duration: Number(find("duration")?.value ?? 0) }),
    ({ start, duration }) => { set("start", start); set("duration", duration); },
    (seconds) => { if (shown?.tagName === "VIDEO") { shown.pause(); shown.currentTime = seconds; } },
  );
  root.appendChild(trim.element);
  const line = root.appendChild(element("div", "ta-line"));
  let shown = null;
  let name = null;
  let facts = null;
  let runStart = 0;

  function refresh() {
    const wanted = chosen();
    if (wanted !== name) load(wanted);
    say();
  }

  // What the preview can show: a file of the picker. Other films (a path, another node) are not the page's to read.
  function chosen() {
    const linked = ["film", "image"].some((input) => node.inputs?.find((one) => one.name === input)?.link != null);
    const path = String(find("path")?.value ?? "").trim();
    if (linked || (path && !path.endsWith(" [example]"))) return "";
    return path || String(find("video")?.value ?? "");
  }

  function load(wanted) {
    name = wanted;
    facts = null;
    shown?.remove();
    shown = null;
    trim.setTotal(0);
    if (!name) return;
    shown = isPhoto(name) ? document.createElement("img") : Object.assign(document.createElement("video"),
      { controls: true, loop: true, playsInline: true, preload: "auto" });
    shown.addEventListener("loadedmetadata", () => { trim.setTotal(shown.duration); toStart(); say(); });
    for (const event of ["load", "loadeddata", "seeked", "timeupdate"]) shown.addEventListener(event, draw);
    shown.addEventListener("play", keepDrawing);
    shown.addEventListener("error", () => { line.textContent = words().unplayable; });
    shown.src = mediaUrl(name);
    stage.prepend(shown);
  }

  function toStart() {
    const [from, to] = trim.part();
    if (shown.currentTime < from || shown.currentTime >= to) shown.currentTime = from;
  }

  function keepDrawing() {
    if (!shown?.isConnected || shown.paused) return;
    toStart();
    draw();
    requestAnimationFrame(keepDrawing);
  }

  function draw() {
    const size = [shown.videoWidth || shown.naturalWidth, shown.videoHeight || shown.naturalHeight];
    if (!size[0]) return;
    const scale = Math.min(stage.clientWidth / size[0], stage.clientHeight / size[1]);
    const box = [size[0] * scale, size[1] * scale];
    Object.assign(canvas.style, { width: `${box[0]}px`, height: `${box[1]}px`, left: `${(stage.clientWidth - box[0]) / 2}px`,
      top: `${(stage.clientHeight - box[1]) / 2}px` });
    drawFace(canvas, boxAt(facts, (shown.currentTime ?? 0) - runStart));
  }

  function say() {
    trim.show();
    const two = (seconds) => seconds.toFixed(2);
    if (!name) line.textContent = words().notHere;
    else if (shown?.tagName === "IMG") line.textContent = words().photo;
    else if (shown?.duration) line.textContent = words().part(...trim.part().map(two), two(shown.duration));
  }

  function executed(output) {
    facts = output?.avatar?.[0] ?? null;
    if (!facts || !shown) return;
    const start = Number(find("start")?.value ?? 0);
    runStart = start < 0 ? Math.max(0, (shown.duration || 0) + start) : start;
    draw();
  }

  node.avatarPreview = { refresh, element: root };
  node.hideOutputImages = true; // this preview takes the place of the page's own
  after(node, "onExecuted", executed);
  after(node, "onConnectionsChange", refresh);
  for (const input of ["video", "path", "start", "duration"]) if (find(input)) after(find(input), "callback", refresh);
  new ResizeObserver(() => shown && draw()).observe(stage);
  // By this name the classic canvas knows that a film is shown already, and adds no player of its own.
  const widget = node.addDOMWidget("video-preview", "talking-avatar", root, { serialize: false, hideOnZoom: false, getMinHeight: () => LOWEST });
  widget.serialize = false;
  requestAnimationFrame(() => softly(refresh));
}
