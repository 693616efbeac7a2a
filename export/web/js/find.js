// Find the faces of a picture: a first look, and a second one where it finds nothing; as `fakeface/faces/_find.py`.

import { finderReduction, reductionFactor } from "./crop.js";

/** @typedef {import("./raster.js").Corners} Corners */
/** @typedef {import("./boxes.js").Found} Found */
/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./finder.js").FaceFinder} FaceFinder */

const SMALL_FACE = 64; // longer side of the smallest faces that the second look finds in a picture of any size
const LARGE_PICTURE = 1600; // longer side from which on there may be such that the first look misses

/**
 * Find the faces of a picture.
 * @param {Picture} picture
 * @param {FaceFinder} finder
 * @returns {Promise<{ faces: Found[], upsideDown: boolean }>} largest first, in pixels of the full picture
 */
export async function findFaces(picture, finder) {
  const reduction = finderReduction(picture);
  const image = picture.load(reduction);
  const { scale } = picture.reducedSize(reduction);
  const first = await finder.find(image);
  if (first.length) return { faces: inFull(first, scale), upsideDown: false };
  const turned = await finder.findUpsideDown(image);
  if (turned.length) return { faces: inFull(turned, scale), upsideDown: true };
  if (Math.max(picture.width, picture.height) < LARGE_PICTURE) return { faces: [], upsideDown: false };
  const finer = reductionFactor(SMALL_FACE / (await finder.far()).settings.smallest);
  const { scale: fine } = picture.reducedSize(finer);
  return { faces: inFull(await finder.findSmall(picture.load(finer), SMALL_FACE * fine), fine), upsideDown: false };
}

/**
 * @param {Found[]} faces
 * @param {number} scale
 * @returns {Found[]}
 */
const inFull = (faces, scale) => faces.map(({ box, score }) => ({ box: /** @type {Corners} */ (box.map((value) => value / scale)), score }));
