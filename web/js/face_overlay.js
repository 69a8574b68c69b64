// The followed face, drawn over a film or photo.
const REACH = 0.1; // seconds for which a box stands when the next frames have none
const COLOUR = "#4ade80";

// facts: what the node tells when it has run (boxes as [frame, x0, y0, x1, y1] in parts of the picture); seconds: film time from its start.
export function boxAt(facts, seconds) {
  if (!facts?.boxes?.length) return null;
  if (!facts.fps) return facts.boxes[0];
  const frame = Math.floor(seconds * facts.fps + 1e-6);
  const reach = Math.max(facts.frames / 600, REACH * facts.fps);
  let low = 0;
  let high = facts.boxes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (facts.boxes[middle][0] <= frame) low = middle;
    else high = middle - 1;
  }
  return Math.abs(facts.boxes[low][0] - frame) <= reach ? facts.boxes[low] : null;
}

// Corners of a box on a canvas that lies over the whole picture.
export function drawFace(canvas, box) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  if (!box) return;
  const [, x0, y0, x1, y1] = box;
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  pen.strokeStyle = COLOUR;
  pen.lineWidth = 2;
  const corner = 0.22 * Math.min((x1 - x0) * width, (y1 - y0) * height);
  for (const [x, y, right, down] of [[x0, y0, 1, 1], [x1, y0, -1, 1], [x0, y1, 1, -1], [x1, y1, -1, -1]]) {
    pen.beginPath();
    pen.moveTo(x * width + right * corner, y * height);
    pen.lineTo(x * width, y * height);
    pen.lineTo(x * width, y * height + down * corner);
    pen.stroke();
  }
}
