// Maps of the evidence for a score, without gradients; as `fakeface/explain/_occlusion.py`.

import { round } from "./boxes.js";

/**
 * Evidence in logits of `fake`, row by row; `cam` comes with the score, `occlusion` takes some fifty runs more.
 * @typedef {{ width: number, height: number, values: Float32Array, method: "cam" | "occlusion" }} Heatmap
 */

const WINDOWS = 7;
const EPSILON = 1e-7;

/** @param {number} p */
function logit(p) {
  const clipped = Math.min(Math.max(p, EPSILON), 1 - EPSILON);
  return Math.log(clipped / (1 - clipped));
}

/**
 * By how much the logit of `fake` falls when a part of the face is hidden.
 * @param {Uint8Array} crop red, green and blue
 * @param {number} size side of the crop
 * @param {number} pFake
 * @param {(crop: Uint8Array) => Promise<number>} predict
 * @returns {Promise<Heatmap>}
 */
export async function occlusion(crop, size, pFake, predict) {
  const cells = WINDOWS + 1;
  const edges = Array.from({ length: cells + 1 }, (_, at) => round((size * at) / cells));
  const sums = [0, 0, 0];
  crop.forEach((value, at) => (sums[at % 3] += value));
  const colour = sums.map((sum) => round(sum / (size * size)));
  const total = new Float32Array(cells * cells);
  const windows = new Float32Array(cells * cells);
  for (let row = 0; row < WINDOWS; row += 1) {
    for (let column = 0; column < WINDOWS; column += 1) {
      const hidden = crop.slice();
      for (let y = edges[row]; y < edges[row + 2]; y += 1) {
        for (let x = edges[column]; x < edges[column + 2]; x += 1) hidden.set(colour, (y * size + x) * 3);
      }
      const fall = logit(pFake) - logit(await predict(hidden));
      for (const cell of [0, 1, cells, cells + 1].map((by) => row * cells + column + by)) {
        total[cell] += fall;
        windows[cell] += 1;
      }
    }
  }
  return { width: cells, height: cells, values: total.map((sum, at) => sum / windows[at]), method: "occlusion" };
}
