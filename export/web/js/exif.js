// Directories of TIFF, which EXIF uses: only what is asked for, within bounds; as `fakeface/provenance/_tiff.py`.

import { jpegSegments, latin, pngChunks, webpChunks } from "./format.js";

/** @typedef {import("./format.js").Format} Format */

/**
 * A value of a directory: texts without padding, the first of several numbers.
 * @typedef {string | number} Value
 */

const ORIENTATION = 0x0112;
const MAX_ENTRIES = 1024;
/** @type {Record<number, number>} */
const SIZES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 13: 4, 129: 1 }; // bytes of a value by type

/**
 * The values of some tags in a directory.
 * @param {Uint8Array} block begins with a TIFF header
 * @param {number | null} offset where the directory is; null for the first
 * @param {number[]} tags
 * @returns {Map<number, Value>}
 */
export function readDirectory(block, offset, tags) {
  /** @type {Map<number, Value>} */
  const values = new Map();
  const order = latin(block, 0, Math.min(2, block.length));
  if ((order !== "II" && order !== "MM") || block.length < 8) return values;
  const little = order === "II";
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const at = offset ?? view.getUint32(4, little);
  if (at + 2 > block.length) return values;
  const entries = Math.min(view.getUint16(at, little), MAX_ENTRIES);
  for (let entry = 0; entry < entries; entry += 1) {
    const start = at + 2 + entry * 12;
    if (start + 12 > block.length) break;
    const [tag, kind] = [view.getUint16(start, little), view.getUint16(start + 2, little)];
    if (!tags.includes(tag) || values.has(tag) || !SIZES[kind]) continue;
    const size = SIZES[kind] * view.getUint32(start + 4, little);
    const place = size <= 4 ? start + 8 : view.getUint32(start + 8, little);
    if (size < SIZES[kind] || place + size > block.length) continue;
    if (kind === 2 || kind === 7 || kind === 129) values.set(tag, text(block.subarray(place, place + size)));
    else if (kind === 3) values.set(tag, view.getUint16(place, little));
    else if (kind === 4 || kind === 13) values.set(tag, view.getUint32(place, little));
    else if (kind === 5) values.set(tag, view.getUint32(place, little) / view.getUint32(place + 4, little));
    else if (kind === 10) values.set(tag, view.getInt32(place, little) / view.getInt32(place + 4, little));
  }
  return values;
}

/** @param {Uint8Array} bytes */
function text(bytes) {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
}

/**
 * The EXIF block of a file, which begins with its TIFF header; null for none.
 * @param {Uint8Array} data
 * @param {Format} format
 * @returns {Uint8Array | null}
 */
export function exifOf(data, format) {
  if (format === "jpeg") for (const [marker, at, end] of jpegSegments(data)) if (marker === 0xe1 && latin(data, at, at + 5) === "Exif\0") return data.subarray(at + 6, end);
  if (format === "png") for (const [kind, at, end] of pngChunks(data)) if (kind === "eXIf") return data.subarray(at, end);
  if (format === "webp") {
    for (const [kind, at, end] of webpChunks(data)) {
      if (kind === "EXIF") return data.subarray(latin(data, at, at + 6) === "Exif\0\0" ? at + 6 : at, end);
    }
  }
  return null;
}

/**
 * EXIF orientation, 1 to 8; 1 where there is none.
 * @param {Uint8Array} data
 * @param {Format} format
 */
export function orientationOf(data, format) {
  const exif = exifOf(data, format);
  const value = exif ? readDirectory(exif, null, [ORIENTATION]).get(ORIENTATION) : 1;
  return typeof value === "number" && value >= 1 && value <= 8 ? value : 1;
}
