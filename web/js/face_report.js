// Nodes that report: what they found or did stands in the node, as text that can be selected.
import { app } from "../../../scripts/app.js";
import { after, softly } from "./after.js";
import { element } from "./trim_bar.js";

const LOWEST = { TA_FaceCheck: 150, TA_SyncScore: 150, TA_LipSyncWav2Lip: 70 }; // pixels on the canvas

app.registerExtension({
  name: "TalkingAvatar.FaceReport",
  nodeCreated(node) {
    const lowest = LOWEST[node.comfyClass];
    if (!lowest) return;
    node.previewMediaType = "image"; // Nodes 2.0 takes what a node with a film at its inputs shows for a film
    softly(() => addReport(node, lowest));
  },
});

function addReport(node, lowest) {
  const text = element("div", "ta-report");
  text.style.cssText = `height: 100%; min-height: ${lowest}px; overflow: auto; padding: 6px; white-space: pre-wrap; user-select: text;
    font: 12px/1.4 sans-serif; background: #0003; border-radius: 4px;`;
  const widget = node.addDOMWidget("report_text", "talking-avatar", text, { serialize: false, hideOnZoom: false, getMinHeight: () => lowest });
  widget.serialize = false;
  after(node, "onExecuted", (output) => { text.textContent = (output?.text ?? []).join("\n"); });
}
