// Find faces with two small networks that confirm each other's detections; as `fakeface/faces/_finder.py`.

import { BlazeFace, MAX_ANCHORS } from "./blazeface.js";
import { longer, overlap, suppress } from "./boxes.js";
import { turned } from "./raster.js";

/** @typedef {import("./raster.js").Raster} Raster */
/** @typedef {import("./raster.js").Corners} Corners */
/** @typedef {import("./boxes.js").Found} Found */
/** @typedef {import("./models.js").Network} Network */

const CONFIDENCE = 0.8; // of the short range network, from which on it needs no confirmation
const PADDED = 0.6; // without such a detection the picture is seen again, this much smaller, with a border
const SIDES = [192, 576]; // at which the full range network sees the picture
const STOP_RATIO = 1.5; // the search ends with a face this much larger than the smallest that can be found
const SAME_FACE = 0.3; // intersection over union
const TILE_OVERLAP = 96; // of tiles of large pictures, in pixels that the network sees: a larger face was found before
const MAX_TILES = 40;
const NEAR_GAP = 2;
const FAR_GAP = 1.75;

/** @param {Found[]} faces */
const largest = (faces) => Math.max(0, ...faces.map(({ box }) => longer(box)));

/**
 * The square around a picture, `factor` times its longer side.
 * @param {Raster} image
 * @param {number} factor
 * @returns {Corners}
 */
function centred({ width, height }, factor) {
  const half = (Math.max(width, height) * factor) / 2;
  return [width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half];
}

/**
 * Run a network on a close-up of each detection; those that it confirms get the mean of both scores, the others 0.
 * @param {BlazeFace} network
 * @param {Raster} image
 * @param {Found[]} faces
 * @returns {Promise<Found[]>}
 */
async function confirm(network, image, faces) {
  const { side, margin, confirm: least } = network.settings;
  const confirmed = [];
  for (const { box, score } of faces) {
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const half = (longer(box) * margin) / 2;
    const seen = await network.detect(image, [x - half, y - half, x + half, y + half], [side, side]);
    const agreeing = Math.max(0, ...seen.filter((other) => overlap(other.box, box) > SAME_FACE).map((other) => other.score));
    confirmed.push({ box, score: agreeing >= least ? (score + agreeing) / 2 : 0 });
  }
  return confirmed;
}

/** @param {Found} face */
const agreed = ({ score }) => score > 0;

/**
 * @param {Found[]} faces
 * @returns {Found[]}
 */
function largestFirst(faces) {
  /** @param {Found} face */
  const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
  return faces.sort((a, b) => area(b) - area(a));
}

/**
 * @param {number} length
 * @param {number} multiple
 */
const roundUp = (length, multiple) => Math.max(1, Math.ceil(length / multiple)) * multiple;

/**
 * Number and length of the tiles along one side, both in pixels that the network sees.
 * @param {number} side
 * @returns {[number, number]}
 */
function spans(side) {
  const number = Math.max(1, Math.ceil((side - TILE_OVERLAP) / (SIDES[1] - TILE_OVERLAP)));
  return [number, (side + (number - 1) * TILE_OVERLAP) / number];
}

/**
 * Cover a picture with at most `MAX_TILES`, which overlap by more than a small face.
 * @param {Raster} image
 * @param {number} wanted scale of what the network sees to the picture; it shrinks where tiles would be too many
 * @param {number} multiple
 * @returns {{ regions: Corners[], size: [number, number] }} what each covers, and the size of the network's input
 */
function tiles({ width, height }, wanted, multiple) {
  let scale = Math.min(wanted, 1);
  while (spans(width * scale)[0] * spans(height * scale)[0] > MAX_TILES) scale *= 0.9;
  const [[columns, across], [rows, down]] = [spans(width * scale), spans(height * scale)];
  const regions = Array.from({ length: rows * columns }, (_, at) => {
    const left = ((width - across / scale) * (at % columns)) / Math.max(1, columns - 1);
    const top = ((height - down / scale) * Math.floor(at / columns)) / Math.max(1, rows - 1);
    return /** @type {Corners} */ ([left, top, left + across / scale, top + down / scale]);
  });
  return { regions, size: [roundUp(across, multiple), roundUp(down, multiple)] };
}

export class FaceFinder {
  /**
   * @param {Network} near the short range network
   * @param {() => Promise<Network>} openFar opens the full range network, which most pictures do not need
   */
  constructor(near, openFar) {
    this.near = new BlazeFace(near, near.info.settings, NEAR_GAP);
    this.openFar = openFar;
    /** @type {BlazeFace | null} */
    this.opened = null;
  }

  async far() {
    if (!this.opened) {
      const network = await this.openFar();
      this.opened = new BlazeFace(network, network.info.settings, FAR_GAP);
    }
    return this.opened;
  }

  /**
   * Find the faces in a picture.
   * @param {Raster} image
   * @returns {Promise<Found[]>} largest first, in pixels of the image
   */
  async find(image) {
    const side = Math.max(image.width, image.height);
    let faces = await this.shortRange(image);
    let smallest = (this.near.settings.smallest * side) / this.near.settings.side;
    for (const seen of SIDES) {
      if (largest(faces) >= STOP_RATIO * smallest || seen > side) break;
      const found = await this.fullRange(image, seen, faces);
      faces = faces.length ? suppress([...faces, ...found], SAME_FACE) : found;
      smallest = ((await this.far()).settings.smallest * side) / seen;
    }
    return largestFirst(faces);
  }

  /**
   * Find the faces of a portrait that is upside down: those that are large in the picture.
   * @param {Raster} image
   * @returns {Promise<Found[]>} as `find`
   */
  async findUpsideDown(image) {
    const { width, height } = image;
    const faces = await this.shortRange(turned(image));
    return largestFirst(faces.map(({ box: [left, top, right, bottom], score }) => (
      { box: [width - right, height - bottom, width - left, height - top], score }
    )));
  }

  /**
   * Find faces that are small in a large picture, tile by tile.
   * @param {Raster} image
   * @param {number} smallest longer side of the smallest faces to find
   * @returns {Promise<Found[]>} as `find`
   */
  async findSmall(image, smallest) {
    const far = await this.far();
    const { regions, size } = tiles(image, far.settings.smallest / smallest, far.settings.multiple);
    /** @type {Found[]} */
    const found = [];
    for (const region of regions) found.push(...(await far.detect(image, region, size)));
    const faces = suppress(found, SAME_FACE).slice(0, MAX_ANCHORS); // tiles overlap
    return largestFirst((await confirm(this.near, image, faces)).filter(agreed));
  }

  /**
   * @param {Raster} image
   * @returns {Promise<Found[]>}
   */
  async shortRange(image) {
    const { side } = this.near.settings;
    let faces = await this.near.detect(image, centred(image, 1), [side, side]);
    if (!faces.length || faces[0].score < CONFIDENCE) {
      const again = await this.near.detect(image, centred(image, 1 / PADDED), [side, side]);
      faces = suppress([...faces, ...again], SAME_FACE);
    }
    const doubtful = faces.filter(({ score }) => score < CONFIDENCE);
    if (!doubtful.length) return faces;
    const checked = await confirm(await this.far(), image, doubtful);
    return faces.map((face) => checked[doubtful.indexOf(face)] ?? face).filter(agreed);
  }

  /**
   * Search the picture at a longer side of `side` pixels. A detection that overlaps a known face is confirmed by it; only
   * the others need the short range network to look closer.
   * @param {Raster} image
   * @param {number} side
   * @param {Found[]} known
   * @returns {Promise<Found[]>}
   */
  async fullRange(image, side, known) {
    const far = await this.far();
    const { multiple } = far.settings;
    const scale = side / Math.max(image.width, image.height);
    const size = /** @type {[number, number]} */ ([image.width, image.height].map((length) => roundUp(length * scale, multiple)));
    const found = await far.detect(image, [0, 0, image.width, image.height], size);
    const faces = [];
    for (const face of found) {
      const same = known.filter((other) => overlap(other.box, face.box) > SAME_FACE);
      if (same.length) faces.push({ box: face.box, score: (face.score + Math.max(...same.map(({ score }) => score))) / 2 });
      else faces.push(...(await confirm(this.near, image, [face])));
    }
    return faces.filter(agreed);
  }
}
