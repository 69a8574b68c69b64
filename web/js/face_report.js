// Face Check and Sync Score: what was found stands in the node, as text that can be selected.
import { app } from "../../../scripts/app.js";
import { after, softly } from "./after.js";
import { element } from "./trim_bar.js";

const LOWEST = 150; // pixels on the canvas

app.registerExtension({
  name: "TalkingAvatar.FaceReport",
  nodeCreated(node) {
    if (["TA_FaceCheck", "TA_SyncScore"].includes(node.comfyClass)) softly(() => addReport(node));
  },
});

function addReport(node) {
  const text = element("div", "ta-report");
  text.style.cssText = `height: 100%; min-height: ${LOWEST}px; overflow: auto; padding: 6px; white-space: pre-wrap; user-select: text;
    font: 12px/1.4 sans-serif; background: #0003; border-radius: 4px;`;
  const widget = node.addDOMWidget("report_text", "talking-avatar", text, { serialize: false, hideOnZoom: false, getMinHeight: () => LOWEST });
  widget.serialize = false;
  after(node, "onExecuted", (output) => { text.textContent = (output?.text ?? []).join("\n"); });
}
