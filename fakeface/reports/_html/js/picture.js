// A picture with its face boxes and heat maps, as small as it was stored.

import { el, svg } from "./dom.js";

/** Frames on the page whose pixels have not been loaded yet. */
const sleeping = new Set();

/** Load the pixels of a frame; its promise resolves once they and the heat maps are drawn. */
function wake(frame) {
  if (sleeping.delete(frame)) {
    nearby.unobserve(frame);
    frame.drawn = frame.wake();
  }
  return frame.drawn;
}

/** The frames on the page that still sleep; those that are no longer on it are forgotten. */
function asleep() {
  for (const frame of sleeping) {
    if (frame.isConnected) continue;
    sleeping.delete(frame);
    nearby.unobserve(frame);
  }
  return [...sleeping];
}

/** Load the pixels of every frame on the page, such as before it is printed. */
export const wakeAll = () => Promise.all(asleep().map(wake));

/** Show an image once it comes near the screen. */
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) wake(target);
  },
  { rootMargin: "400px" },
);

/** Load the others while the browser is idle: what is printed without asking the page is there already. */
export function wakeInIdleTime() {
  if (!asleep().length) return;
  const idle = window.requestIdleCallback ?? ((call) => setTimeout(() => call({ timeRemaining: () => 8 }), 50));
  idle((deadline) => {
    const frames = asleep();
    while (frames.length && deadline.timeRemaining() > 2) wake(frames.shift());
    wakeInIdleTime();
  });
}

/** Evidence at a place of the square, 0 to 1 from its left and top; bilinear between places. */
function evidence({ height, width, values }, x, y) {
  const column = Math.min(Math.max(x * width - 0.5, 0), width - 1);
  const row = Math.min(Math.max(y * height - 0.5, 0), height - 1);
  const left = Math.floor(column);
  const top = Math.floor(row);
  const right = Math.min(left + 1, width - 1);
  const bottom = Math.min(top + 1, height - 1);
  const across = column - left;
  const down = row - top;
  const upper = values[top * width + left] * (1 - across) + values[top * width + right] * across;
  const lower = values[bottom * width + left] * (1 - across) + values[bottom * width + right] * across;
  return upper * (1 - down) + lower * down;
}

/** Values of a stored map in parts of the full colour, -1 to 1. */
function unpack([height, width, data]) {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  return { height, width, values: Array.from(new Int8Array(bytes.buffer), (value) => value / 127) };
}

/** Colour the grey pixels of a canvas by a map; the same as `blend` in fakeface.types._heatmap. */
function colour(context, map, look) {
  const { canvas } = context;
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = image;
  for (let y = 0, at = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1, at += 4) {
      const value = evidence(map, (x + 0.5) / canvas.width, (y + 0.5) / canvas.height);
      const strength = Math.min(Math.abs(value), 1) * look.opacity;
      const tone = value > 0 ? look.fake : look.real;
      const grey = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      for (let c = 0; c < 3; c += 1) data[at + c] = grey * (1 - strength) + tone[c] * strength;
    }
  }
  context.putImageData(image, 0, 0);
}

/** The middle of a crop that a map covers: some models see no more of it. */
function mapped([x, y, side], { share = 1 }) {
  const edge = (side * (1 - share)) / 2;
  return [x + edge, y + edge, side * share];
}

/** The part of an image inside a rectangle, coloured by a face's map. */
function heated(image, [x, y, side], face, look) {
  const pixels = Math.min(Math.max(Math.round(side), 48), 640);
  const canvas = el("canvas", { width: pixels, height: pixels, class: "heated", "aria-hidden": "true" });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, x, y, side, side, 0, 0, pixels, pixels);
  colour(context, unpack(face.heat), look);
  return canvas;
}

function place(node, left, top, width, height) {
  const percent = (share) => `${share * 100}%`;
  node.style.left = percent(left);
  node.style.top = percent(top);
  node.style.width = percent(width);
  node.style.height = percent(height);
  return node;
}

/** Where the pixels of a picture come from: the page itself, or an address for its own resolution. */
const pixelsOf = (record, large) => (large && record.url) || `data:image/jpeg;base64,${(large && record.large) || record.thumb}`;

export const GONE = {
  missing: "no preview: the file was not found", changed: "no preview: the file has changed since",
  unreadable: "no preview: the file can no longer be read",
};

/** The number of a face, beside its box: above it, or below where there is no room. */
function faceNumber({ box: [x, y, , h], verdict }, at, [width, height]) {
  const above = y > height * 0.06;
  const node = el("span", { class: `face-number ${verdict} ${above ? "above" : "under"}`, "aria-hidden": "true" }, String(at + 1));
  node.style.left = `${Math.min(Math.max(x / width, 0), 0.97) * 100}%`;
  node.style.top = `${Math.min(Math.max((above ? y : y + h) / height, 0), 1) * 100}%`;
  return node;
}

/** A picture with a box around every face; its pixels come when it is near the screen. With `large` in the resolution for
 * details, and with numbered faces. */
export function picture(record, report, { large = false } = {}) {
  const [width, height] = record.size;
  const frame = el("span", { class: width >= height ? "picture wide" : "picture tall" });
  frame.style.aspectRatio = `${width} / ${height}`;
  if (record.thumb === null && !record.url) {
    frame.classList.add("missing");
    frame.append(el("span", {}, GONE[record.gone] ?? "no preview"));
    return frame;
  }
  const image = el("img", { alt: "", decoding: "async" });
  const boxes = svg("svg", { class: "boxes", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const { box, verdict } of record.faces) {
    const [x, y, w, h] = box;
    for (const layer of ["halo", verdict]) boxes.append(svg("rect", { class: layer, x, y, width: w, height: h, rx: w / 20 }));
  }
  frame.append(image, boxes);
  if (large && record.faces.length > 1) frame.append(...record.faces.map((face, at) => faceNumber(face, at, record.size)));
  frame.wake = async () => {
    image.src = pixelsOf(record, large);
    const maps = record.faces.filter((face) => face.heat);
    if (!maps.length) return;
    // A data: URL is loaded in a microtask, early enough for a page that is about to be printed.
    for (let turn = 0; turn < 4 && !image.complete; turn += 1) await null;
    if (!image.complete) await image.decode();
    const scale = image.naturalWidth / width;
    for (const face of maps) {
      const [x, y, side] = mapped(face.square, report.heat);
      const canvas = heated(image, [x * scale, y * scale, side * scale], face, report.heat);
      frame.insertBefore(place(canvas, x / width, y / height, side / width, side / height), boxes);
    }
  };
  sleeping.add(frame);
  nearby.observe(frame);
  return frame;
}

/** One face, cut out; with its heat map beside it where there is one. With `large` only the map, in a higher resolution. */
export function faceTile(record, face, report, { large = false } = {}) {
  const tile = el("span", { class: "tile" });
  const image = el("img", { alt: "", decoding: "async" });
  const whole = large && (record.url || record.large);
  const source = face.tile ?? record.thumb;
  if (source === null) return tile;
  image.src = whole ? pixelsOf(record, true) : `data:image/jpeg;base64,${source}`;
  image.decode().then(() => {
    const scale = image.naturalWidth / record.size[0];
    const [x, y, side] = face.square;
    const cut = face.tile && !whole ? [0, 0, image.naturalWidth] : [x * scale, y * scale, side * scale];
    if (!large) {
      const plain = el("canvas", { width: Math.round(cut[2]), height: Math.round(cut[2]), "aria-hidden": "true" });
      plain.getContext("2d").drawImage(image, cut[0], cut[1], cut[2], cut[2], 0, 0, plain.width, plain.height);
      tile.append(plain);
    }
    if (face.heat) tile.append(heated(image, mapped(cut, report.heat), face, report.heat));
  });
  return tile;
}

/** The colours of heat maps and what they say. */
export function legend(look) {
  const rgb = (tone) => `rgb(${tone.join(" ")})`;
  const scale = el("span", { class: "scale", "aria-hidden": "true" });
  const mix = (tone, share) => rgb(tone.map((c) => Math.round(128 * (1 - share) + c * share)));
  scale.style.background = `linear-gradient(90deg, ${mix(look.real, look.opacity)}, rgb(128 128 128), ${mix(look.fake, look.opacity)})`;
  return [
    el("span", {}, "speaks for a photograph"), scale, el("span", {}, "speaks for AI"),
    el("span", { class: "hint" }, "the same scale in every picture"),
  ];
}
