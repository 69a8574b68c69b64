// "Checkpoints…" in a node's menu: which files it can use, which are here, and a button that brings one.
import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { after, softly } from "./after.js";
import { element } from "./trim_bar.js";
import { words } from "./words.js";

const STYLE = `
.ta-veil { position: fixed; inset: 0; z-index: 10000; background: #0008; display: flex; align-items: center; justify-content: center; }
.ta-window { width: min(720px, 92vw); max-height: 84vh; display: flex; flex-direction: column; border-radius: 10px; overflow: hidden;
  background: var(--comfy-menu-bg, #202226); color: var(--fg-color, #eee); border: 1px solid var(--border-color, #444);
  font: 14px/1.45 system-ui, sans-serif; box-shadow: 0 12px 48px #000a; }
.ta-window header, .ta-window footer { padding: 14px 18px; display: flex; align-items: center; gap: 12px; }
.ta-window header { font-size: 16px; font-weight: 600; border-bottom: 1px solid var(--border-color, #444); }
.ta-window footer { font-size: 12px; opacity: 0.75; border-top: 1px solid var(--border-color, #444); }
.ta-rows { overflow: auto; padding: 4px 18px; }
.ta-row { display: grid; grid-template-columns: 1fr auto; gap: 2px 16px; padding: 12px 0; border-bottom: 1px solid #8882; }
.ta-row:last-child { border: none; }
.ta-row b { font-weight: 600; }
.ta-row small { grid-column: 1; opacity: 0.72; font-size: 12px; overflow-wrap: anywhere; }
.ta-row .ta-act { grid-row: 1 / span 2; grid-column: 2; align-self: start; min-width: 96px; text-align: right; }
.ta-row progress { grid-column: 1 / -1; width: 100%; height: 8px; accent-color: #4ade80; }
.ta-row .ta-wrong { grid-column: 1 / -1; color: #f59e8b; font-size: 12px; overflow-wrap: anywhere; }
.ta-window button { font: inherit; color: inherit; background: #8883; border: 1px solid #8885; border-radius: 6px; padding: 4px 12px; cursor: pointer; }
.ta-window button:hover { background: #8885; }
.ta-window button.ta-main { background: #2f8f57; border-color: #2f8f57; color: #fff; }
.ta-window a { color: #7ab8ff; }
.ta-careful { color: #f0be50; }
.ta-good { color: #4ade80; }`;

const known = new Map(); // name -> row, as the server tells it
let shown = null; // {node, veil, rows}

app.registerExtension({
  name: "TalkingAvatar.Checkpoints",
  async setup() {
    document.head.appendChild(Object.assign(document.createElement("style"), { textContent: STYLE }));
    api.addEventListener("talking-avatar.checkpoint", ({ detail }) => softly(() => changed(detail)));
    api.addEventListener("execution_error", ({ detail }) => softly(() => offer(detail)));
    await ask().catch(() => {});
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!nodeData.name.startsWith("TA_")) return;
    after(nodeType.prototype, "getExtraMenuOptions", (canvas, options) => {
      if (!rowsOf(nodeData.name).length) return;
      options.unshift({ content: words().checkpoints, callback: () => open(nodeData.name) }, null);
    });
  },
});

// A run that stopped for want of a checkpoint opens the window; nothing is brought by itself.
function offer(detail) {
  if (String(detail?.exception_type).includes("MissingModel") && rowsOf(detail.node_type).length) open(detail.node_type);
}

async function ask(path = "", name = null) {
  const request = name === null ? undefined
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }) };
  const answer = await api.fetchApi(`/talking-avatar/checkpoints${path}`, request);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ?? answer.statusText);
  told.forEach(take);
  draw();
}

function changed(state) {
  const before = known.get(state.name);
  if (!before) return;
  take(state);
  draw();
  const came = known.get(state.name).here && !before.here;
  if (came) app.refreshComboInNodes?.();
}

// Answers and events may overtake each other: what was read earlier does not replace what was read later.
function take(state) {
  const before = known.get(state.name);
  if (!(before?.turn > state.turn)) known.set(state.name, { ...before, ...state });
}

const rowsOf = (node) => [...known.values()].filter((row) => row.nodes.includes(node));

async function open(node) {
  shown?.veil.remove();
  const veil = element("div", "ta-veil");
  const panel = veil.appendChild(element("div", "ta-window"));
  const name = LiteGraph.registered_node_types[node]?.title ?? node;
  panel.appendChild(element("header", "")).textContent = words().checkpointsOf(name);
  const rows = panel.appendChild(element("div", "ta-rows"));
  const foot = panel.appendChild(element("footer", ""));
  foot.appendChild(Object.assign(element("span", ""), { textContent: words().nothingUnasked, style: "flex: 1" }));
  foot.appendChild(button(words().close, close));
  veil.addEventListener("pointerdown", (event) => { if (event.target === veil) close(); });
  veil.addEventListener("keydown", (event) => { event.stopPropagation(); if (event.key === "Escape") close(); });
  document.body.appendChild(veil);
  veil.tabIndex = -1;
  veil.focus();
  shown = { node, veil, rows };
  draw();
  await ask().catch(() => {});
}

function close() {
  shown?.veil.remove();
  shown = null;
}

function draw() {
  if (!shown) return;
  shown.rows.replaceChildren(...rowsOf(shown.node).map(drawn));
}

function drawn(row) {
  const text = words();
  const line = element("div", "ta-row");
  const what = line.appendChild(element("span", ""));
  what.append(Object.assign(element("b", ""), { textContent: row.file }), ` · ${text.about(row.size)}`);
  line.appendChild(action(row));
  line.appendChild(element("small", "")).textContent = text.ofCheckpoint(row);
  const licence = line.appendChild(element("small", ""));
  licence.append(`${text.licence}: ${row.licence} (`,
    Object.assign(element("span", row.commercial ? "ta-good" : "ta-careful"), { textContent: text.commercial[String(row.commercial)] }), ")");
  line.appendChild(element("small", "")).textContent = `${row.source} · ${text.putInto(row.kind, row.file)}`;
  if (row.running) {
    const bar = line.appendChild(document.createElement("progress"));
    if (row.total) Object.assign(bar, { max: row.total, value: Math.min(row.done, row.total) });
    const now = row.stage.startsWith("checking") ? text.checking : row.total ? `${row.done} / ${row.total} MB` : text.starting;
    line.appendChild(element("small", "ta-now")).textContent = now;
  }
  if (row.error) line.appendChild(element("div", "ta-wrong")).textContent = row.error;
  return line;
}

function action(row) {
  const place = element("div", "ta-act");
  const press = (path) => async () => {
    try {
      await ask(path, row.name);
    } catch (error) {
      changed({ name: row.name, error: String(error.message ?? error) });
    }
  };
  if (row.running) place.appendChild(button(words().stop, press("/cancel")));
  else if (row.here) place.appendChild(Object.assign(element("span", "ta-good"), { textContent: `✓ ${words().here}` }));
  else if (row.can_be_fetched) place.appendChild(button(words().get, press("/get"), "ta-main"));
  else place.appendChild(link(row));
  return place;
}

function link(row) {
  const address = /^https:\/\/\S+/.exec(row.page)?.[0];
  if (!address) return Object.assign(element("span", ""), { textContent: words().byHand });
  return Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer", textContent: words().byHand });
}

function button(words_, act, look = "") {
  const made = Object.assign(document.createElement("button"), { textContent: words_, className: look });
  made.addEventListener("click", act);
  return made;
}
