// What the page shows of a result: small pictures, heat maps, and texts; as `fakeface/reports/_html/_record.py`.

import { cropFaces } from "./crop.js";
import { sha256 } from "./digest.js";
import { label, phrase } from "./provenance.js";

/** @typedef {import("./detector.js").Prediction} Prediction */
/** @typedef {import("./detector.js").Face} Face */
/** @typedef {import("./picture.js").Picture} Picture */

const SIDE = 320; // of small pictures
const TILE = 128; // side of a face that is stored separately
const TILES = 4;
const CLOSE = 0.6; // a face is stored separately if its square is smaller than this part of the picture's shorter side
const QUALITY = 0.6;

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** @param {OffscreenCanvas} canvas */
async function jpeg(canvas) {
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return base64(new Uint8Array(await blob.arrayBuffer()));
}

/** @param {string} text */
const printable = (text) => text.replace(/[\p{C}\u2028\u2029]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);

/** @param {number} value */
const tenth = (value) => Math.round(value * 10) / 10;

/**
 * The values of a heat map as bytes: 127 for the strongest colour.
 * @param {Face["heatmap"]} heatmap
 * @param {number} span evidence, in logits, of that colour
 * @returns {[number, number, string] | null}
 */
function heat(heatmap, span) {
  if (!heatmap) return null;
  const steps = Int8Array.from(heatmap.values, (value) => Math.round(Math.min(Math.max((value / span) * 127, -127), 127)));
  return [heatmap.height, heatmap.width, base64(new Uint8Array(steps.buffer))];
}

/**
 * Make the record of a picture.
 * @param {Picture} picture
 * @param {Prediction} prediction
 * @param {Uint8Array} data
 * @param {{ crop: import("./crop.js").CropSpec, span: number }} look
 */
export async function record(picture, prediction, data, { crop, span }) {
  const found = [...prediction.faces].sort((a, b) => (b.p_fake ?? -1) - (a.p_fake ?? -1));
  const [width, height] = [picture.width, picture.height];
  const faces = [];
  for (const [at, face] of found.entries()) {
    const [x, y, w, h] = face.box;
    const close = at < TILES && face.square[2] < CLOSE * Math.min(width, height);
    faces.push({
      box: face.box.map(tenth), square: face.square.map(tenth), score: Math.round(face.detection_score * 1000) / 1000, p: face.p_fake,
      verdict: face.verdict, heat: heat(face.heatmap, span), tile: close ? await tile(picture, [x, y, x + w, y + h], crop) : null,
    });
  }
  const said = prediction.provenance;
  return {
    name: printable(prediction.source), verdict: prediction.verdict, p: prediction.p_fake, size: prediction.size, faces,
    thumb: await thumbnail(picture), large: null, gone: null, link: null, digest: prediction.digest, model: prediction.model, settings: prediction.settings, sha256: await sha256(data),
    frames: picture.frames > 1 ? `1 of ${picture.frames.toLocaleString("en")}` : null, error: null,
    said: said && {
      label: label(said), says: printable(prediction.says ?? ""), declared: said.declared,
      statements: said.statements.map((one) => ({ ...one, tool: one.tool && printable(one.tool), detail: printable(one.detail), text: printable(phrase(one)) })),
      problems: said.problems.map(printable), trailing: said.trailing,
    },
  };
}

/**
 * @param {Picture} picture
 * @param {import("./raster.js").Corners} face
 * @param {import("./crop.js").CropSpec} spec
 */
async function tile(picture, face, spec) {
  const [{ data }] = cropFaces(picture, [face], { ...spec, size: TILE });
  const canvas = new OffscreenCanvas(TILE, TILE);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  canvas.getContext("2d")?.putImageData(new ImageData(/** @type {Uint8ClampedArray<ArrayBuffer>} */ (data), TILE, TILE), 0, 0);
  return jpeg(canvas);
}

/** @param {Picture} picture */
async function thumbnail(picture) {
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(canvas.width / picture.width, canvas.height / picture.height);
  context.imageSmoothingQuality = "high";
  context.transform(...picture.turn);
  context.drawImage(picture.bitmap, 0, 0);
  return jpeg(canvas);
}
