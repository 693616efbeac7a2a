// BlazeFace: from a region of a picture to the boxes of faces in it; as `fakeface/faces/_blazeface.py`.

import { anchors, calibrate, round, suppress } from "./boxes.js";
import { resize, toRgb, blank } from "./raster.js";

/** @typedef {import("./raster.js").Raster} Raster */
/** @typedef {import("./raster.js").Corners} Corners */
/** @typedef {import("./boxes.js").Found} Found */
/** @typedef {import("./models.js").Network} Network */

/**
 * How to decode the output of one network: `settings` of its model.json.
 * @typedef {{ side: number, multiple: number, strides: number[], per_cell: number[], score: number, overlap: number,
 *   shift: [number, number], scale: [number, number], smallest: number, margin: number, confirm: number }} Settings
 */

export const MAX_ANCHORS = 64; // no picture has that many faces to score
const f32 = Math.fround;

/**
 * Start and length, on one axis of the network's input, of a span of the picture.
 * @param {number} start
 * @param {number} end
 * @param {number} middle of the region
 * @param {number} scale
 * @param {number} side of the input
 * @returns {[number, number]}
 */
function span(start, end, middle, scale, side) {
  const length = Math.min(Math.max(round(f32(f32(end - start) * scale)), 1), side);
  const first = round(f32(f32(f32(start - middle) * scale) + side / 2));
  return [Math.min(Math.max(first, 0), side - length), length];
}

/**
 * Put a region of a picture on a black canvas, distorted by less than a pixel.
 * @param {Raster} image
 * @param {Corners} region parts outside the image stay black
 * @param {[number, number]} size
 * @param {number} gap
 */
export function letterbox(image, region, [width, height], gap) {
  const [left, top, right, bottom] = region.map(f32);
  const scale = f32(Math.min(f32(width / f32(right - left)), f32(height / f32(bottom - top))));
  /** @type {Corners} */
  const inside = [Math.max(left, 0), Math.max(top, 0), Math.min(right, image.width), Math.min(bottom, image.height)];
  const [x, across] = span(inside[0], inside[2], f32(f32(left + right) / 2), scale, width);
  const [y, down] = span(inside[1], inside[3], f32(f32(top + bottom) / 2), scale, height);
  const part = resize(image, [across, down], "bilinear", inside, gap);
  const canvas = blank(width, height);
  for (let row = 0; row < down; row += 1) {
    canvas.data.set(part.data.subarray(row * across * 4, (row + 1) * across * 4), ((y + row) * width + x) * 4);
  }
  const stretch = [(inside[2] - inside[0]) / across, (inside[3] - inside[1]) / down];
  /** @param {Corners} box on the canvas; @returns {Corners} in the picture */
  const toImage = ([a, b, c, d]) => [
    (a - x) * stretch[0] + inside[0], (b - y) * stretch[1] + inside[1],
    (c - x) * stretch[0] + inside[0], (d - y) * stretch[1] + inside[1],
  ];
  return { canvas, toImage };
}

export class BlazeFace {
  /**
   * @param {Network} network
   * @param {Settings} settings
   * @param {number} gap pictures are first reduced by whole factors to at least this many times what the network sees
   */
  constructor(network, settings, gap) {
    this.network = network;
    this.settings = settings;
    this.gap = gap;
    /** @type {Map<string, Float32Array>} */
    this.centres = new Map();
  }

  /**
   * Find faces in a region of a picture.
   * @param {Raster} image
   * @param {Corners} region
   * @param {[number, number]} size of the network's input
   * @returns {Promise<Found[]>} best first, in pixels of the image
   */
  async detect(image, region, size) {
    const { canvas, toImage } = letterbox(image, region, size, this.gap);
    const { boxes, scores } = await this.network.run(toRgb(canvas), [1, size[1], size[0], 3], ["boxes", "scores"]);
    const centres = this.anchors(size);
    if (scores.dims[1] * 2 !== centres.length || boxes.dims[1] !== scores.dims[1]) {
      throw new Error(`the face finder gives boxes ${boxes.dims} and scores ${scores.dims} for ${centres.length / 2} anchors`);
    }
    const { shift, scale, score: least, overlap } = this.settings;
    /** @type {Found[]} */
    let found = [];
    const numbers = boxes.dims[2];
    scores.data.forEach((/** @type {number} */ score, /** @type {number} */ at) => {
      const [x, y, width, height] = boxes.data.subarray(at * numbers, at * numbers + 4);
      if (!(score > least && width > 0 && height > 0)) return;
      const [cx, cy] = [x + centres[at * 2], y + centres[at * 2 + 1]];
      found.push({ box: [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2], score });
    });
    if (found.length > MAX_ANCHORS) found = found.sort((a, b) => b.score - a.score).slice(0, MAX_ANCHORS);
    return suppress(found, overlap).map(({ box, score }) => ({ box: toImage(calibrate(box, shift, scale)), score }));
  }

  /** @param {[number, number]} size */
  anchors(size) {
    const key = size.join("x");
    const made = this.centres.get(key) ?? anchors(size, this.settings.strides, this.settings.per_cell);
    if (this.centres.size > 64) this.centres.clear();
    this.centres.set(key, made);
    return made;
  }
}
