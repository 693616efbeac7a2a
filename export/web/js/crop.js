// From a face box to the pixels that the model sees; as `fakeface/_crop.py` and `fakeface/_preprocess.py`.

import { FILTERS, resize, safeBox } from "./raster.js";

/** @typedef {import("./raster.js").Raster} Raster */
/** @typedef {import("./raster.js").Corners} Corners */
/** @typedef {import("./picture.js").Picture} Picture */

/** @typedef {{ size: number, margin: number, filter: string }} CropSpec */

const FINDER_SIDE = 1000; // large JPEGs are read smaller for the face finder, but not below this longer side
const MIN_OVERSAMPLING = 2; // a crop is taken from a smaller picture only if it is at least this many times what the model sees

/**
 * The square of a picture to crop: around the face, moved to lie inside the picture, never larger than it.
 * @param {Corners} face
 * @param {[number, number]} size width and height of the picture
 * @param {number} margin side of the square in longer sides of the face
 * @returns {[number, number, number]} left, top and side
 */
export function cropSquare([left, top, right, bottom], [width, height], margin) {
  const side = Math.min(Math.max(right - left, bottom - top) * margin, width, height);
  const [x, y] = [(left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2];
  return [Math.min(Math.max(x, 0), width - side), Math.min(Math.max(y, 0), height - side), side];
}

/**
 * The largest of 1, 2, 4 and 8 up to a limit.
 * @param {number} limit
 */
export const reductionFactor = (limit) => [8, 4, 2].find((factor) => factor <= limit) ?? 1;

/**
 * By how much a picture is read smaller for the face finder.
 * @param {Picture} picture
 */
export const finderReduction = ({ width, height }) => reductionFactor(Math.max(width, height) / FINDER_SIDE);

/**
 * Crop faces as the model sees them.
 * @param {Picture} picture
 * @param {Corners[]} faces in pixels of the picture
 * @param {CropSpec} spec
 * @returns {Raster[]}
 */
export function cropFaces(picture, faces, spec) {
  if (!faces.length) return [];
  const squares = faces.map((face) => cropSquare(face, [picture.width, picture.height], spec.margin)[2]);
  const wanted = reductionFactor(Math.min(...squares) / (spec.size * MIN_OVERSAMPLING));
  const reduction = Math.min(wanted, finderReduction(picture)); // what the finder has seen serves, if it is not too small
  const { width, height, scale } = picture.reducedSize(reduction);
  return faces.map((face) => {
    const scaled = /** @type {Corners} */ (face.map((value) => value * scale));
    const [x, y, side] = cropSquare(scaled, [width, height], spec.margin);
    const [left, top, right, bottom] = [x, y, x + side, y + side].map(Math.fround);
    const seen = safeBox({ width, height }, [spec.size, spec.size], FILTERS[spec.filter].support + 1, [left, top, right, bottom]);
    const part = picture.read(reduction, [Math.max(seen[0] - 3, 0), Math.max(seen[1] - 3, 0), Math.min(seen[2] + 3, width), Math.min(seen[3] + 3, height)]);
    const [dx, dy] = part.origin;
    return resize(part.raster, [spec.size, spec.size], spec.filter, [left - dx, top - dy, right - dx, bottom - dy]);
  });
}
