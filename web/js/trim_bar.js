// A bar with two handles: which part of a film is taken.
import { words } from "./words.js";

const SHORTEST = 0.04; // seconds

// read() gives {start, duration} as the node's inputs hold them (start < 0: from the end; duration 0: all); write(those) sets them;
// look(seconds) shows the film there while a handle is dragged.
export function makeTrimBar(read, write, look) {
  const bar = element("div", "ta-trim");
  const taken = bar.appendChild(element("div", "ta-taken"));
  const handles = ["start", "end"].map((which) => bar.appendChild(element("div", `ta-handle ta-${which}`)));
  let total = 0;

  function part() {
    const { start, duration } = read();
    const from = Math.min(total, Math.max(0, start < 0 ? total + start : start));
    return [from, duration > 0 ? Math.min(total, from + duration) : total];
  }

  function show() {
    bar.style.visibility = total > 0 ? "visible" : "hidden";
    if (!total) return;
    const places = part().map((seconds) => (100 * seconds) / total);
    taken.style.left = `${places[0]}%`;
    taken.style.right = `${100 - places[1]}%`;
    handles.forEach((handle, index) => (handle.style.left = `${places[index]}%`));
    bar.title = words().trim;
    handles.forEach((handle, index) => (handle.title = index ? words().end : words().start));
  }

  function drag(event, index) {
    const box = bar.getBoundingClientRect();
    const seconds = (total * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    let [from, to] = part();
    if (index === 0) from = Math.min(seconds, to - SHORTEST);
    else to = Math.max(seconds, from + SHORTEST);
    from = hundredths(Math.max(0, from));
    write({ start: from, duration: to >= total - 0.005 ? 0 : hundredths(to - from) });
    look(index === 0 ? from : to);
    show();
  }

  handles.forEach((handle, index) => {
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) drag(event, index);
    });
  });

  return {
    element: bar,
    part,
    show,
    setTotal(seconds) {
      total = Number.isFinite(seconds) ? seconds : 0;
      show();
    },
  };
}

export function element(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function hundredths(seconds) {
  return Math.round(seconds * 100) / 100;
}
