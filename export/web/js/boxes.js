// From the output of BlazeFace for its anchors to boxes of faces; as `fakeface/faces/_boxes.py`.

/** @typedef {import("./raster.js").Corners} Corners */

/**
 * A face that a network found.
 * @typedef {{ box: Corners, score: number }} Found
 */

/**
 * Centres of the anchors, x and y in turn, in the order of the network's output.
 * @param {[number, number]} size width and height of the network's input
 * @param {number[]} strides pixels between the cells of each grid
 * @param {number[]} perCell anchors in every cell of each grid
 * @returns {Float32Array}
 */
export function anchors(size, strides, perCell) {
  /** @type {number[]} */
  const centres = [];
  strides.forEach((stride, grid) => {
    for (let y = 0; y < Math.floor(size[1] / stride); y += 1) {
      for (let x = 0; x < Math.floor(size[0] / stride); x += 1) {
        for (let each = 0; each < perCell[grid]; each += 1) centres.push((x + 0.5) * stride, (y + 0.5) * stride);
      }
    }
  });
  return Float32Array.from(centres);
}

/**
 * Intersection over union of two boxes.
 * @param {Corners} a
 * @param {Corners} b
 */
export function overlap(a, b) {
  const width = Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0);
  const height = Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0);
  const union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height;
  return (width * height) / Math.max(union, 1e-30);
}

/**
 * Weighted non-maximum suppression: the best box absorbs those that overlap it, and becomes their mean.
 * @param {Found[]} faces
 * @param {number} most boxes with a greater intersection over union are the same face
 * @returns {Found[]} best first
 */
export function suppress(faces, most) {
  let left = [...faces].sort((a, b) => b.score - a.score);
  /** @type {Found[]} */
  const merged = [];
  while (left.length) {
    const [best] = left;
    const same = left.filter((face) => face === best || overlap(face.box, best.box) > most);
    const weight = same.reduce((sum, { score }) => sum + score, 0);
    /** @param {number} at */
    const mean = (at) => same.reduce((sum, { box, score }) => sum + box[at] * score, 0) / weight;
    merged.push({ box: [mean(0), mean(1), mean(2), mean(3)], score: best.score });
    left = left.filter((face) => !same.includes(face));
  }
  return merged;
}

/**
 * From a network's own box to that of the full face.
 * @param {Corners} box
 * @param {[number, number]} shift
 * @param {[number, number]} scale
 * @returns {Corners}
 */
export function calibrate([left, top, right, bottom], shift, scale) {
  const [width, height] = [right - left, bottom - top];
  const [x, y] = [(left + right) / 2 + width * shift[0], (top + bottom) / 2 + height * shift[1]];
  return [x - (width * scale[0]) / 2, y - (height * scale[1]) / 2, x + (width * scale[0]) / 2, y + (height * scale[1]) / 2];
}

/**
 * The longer side of a box.
 * @param {Corners} box
 */
export const longer = ([left, top, right, bottom]) => Math.max(right - left, bottom - top);

/**
 * Round as Python does: halves to the even number.
 * @param {number} value
 */
export function round(value) {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2) ? down + 1 : down;
}
