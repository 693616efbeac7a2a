// What a file is, by its first bytes, and which side is up; nothing here decodes pixels.

/** @typedef {"jpeg" | "png" | "gif" | "webp" | "avif" | "heic" | "bmp" | "tiff"} Format */

/** @param {Uint8Array} data @param {number} start @param {number} end */
export const latin = (data, start, end) => String.fromCharCode(...data.subarray(start, end));

/** @param {Uint8Array} data @param {number} at */
export const u16 = (data, at) => (data[at] << 8) | data[at + 1];

/** @param {Uint8Array} data @param {number} at */
export const u32 = (data, at) => (u16(data, at) * 65536) + u16(data, at + 2);

/** @param {Uint8Array} data @param {number} at */
export const u32le = (data, at) => (data[at] | (data[at + 1] << 8) | (data[at + 2] << 16)) + data[at + 3] * 2 ** 24;

const HEIF = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]);

/**
 * The format of a file; null for what is no picture.
 * @param {Uint8Array} data its bytes, or the first 32 of them
 * @returns {Format | null}
 */
export function formatOf(data) {
  const head = latin(data, 0, Math.min(32, data.length));
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (/^GIF8[79]a/.test(head)) return "gif";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp";
  if (/^(II\*\0|MM\0\*|II\+\0|MM\0\+|II\0\*|MM\*\0)/.test(head)) return "tiff";
  if (head.startsWith("BM") && [12, 16, 40, 52, 56, 64, 108, 124].includes(u32le(data, 14))) return "bmp";
  if (head.slice(4, 8) === "ftyp") {
    const brands = [head.slice(8, 12), ...(head.slice(16).match(/.{4}/gs) ?? [])];
    if (brands.some((brand) => brand === "avif" || brand === "avis")) return "avif";
    if (brands.some((brand) => HEIF.has(brand))) return "heic";
  }
  return null;
}

/**
 * How many frames a file holds: what it shows first is what is judged.
 * @param {Uint8Array} data
 * @param {Format} format
 */
export function countFrames(data, format) {
  if (format === "gif") return Math.max(1, gifFrames(data));
  let frames = 0;
  if (format === "png") for (const [kind] of pngChunks(data)) frames += kind === "fcTL" ? 1 : 0;
  if (format === "webp") for (const [kind] of webpChunks(data)) frames += kind === "ANMF" ? 1 : 0;
  return Math.max(1, frames);
}

/** @param {Uint8Array} data */
function gifFrames(data) {
  /** @param {number} at */
  const colours = (at) => (data[at] & 0x80 ? 3 << ((data[at] & 7) + 1) : 0);
  let at = 13 + colours(10);
  let frames = 0;
  while (at < data.length && data[at] !== 0x3b) {
    const kind = data[at];
    at += 1;
    if (kind === 0x2c) {
      frames += 1;
      at += 10 + colours(at + 8);
    } else if (kind === 0x21) at += 1;
    else continue; // what means nothing is passed over
    while (at < data.length && data[at]) at += data[at] + 1;
    at += 1;
  }
  return frames;
}

/**
 * Kind, start and end of the contents of every chunk of a PNG, up to its end.
 * @param {Uint8Array} data
 * @returns {Generator<[string, number, number]>}
 */
export function* pngChunks(data) {
  for (let at = 8; at + 12 <= data.length; ) {
    const end = at + 8 + u32(data, at);
    const kind = latin(data, at + 4, at + 8);
    if (end > data.length) return;
    yield [kind, at + 8, end];
    if (kind === "IEND") return;
    at = end + 4;
  }
}

/**
 * Kind, start and end of the contents of every chunk of a WebP.
 * @param {Uint8Array} data
 * @returns {Generator<[string, number, number]>}
 */
export function* webpChunks(data) {
  const last = Math.min(data.length, 8 + u32le(data, 4) + (u32le(data, 4) % 2));
  for (let at = 12; at + 8 <= last; ) {
    const size = u32le(data, at + 4);
    if (at + 8 + size > last) return;
    yield [latin(data, at, at + 4), at + 8, at + 8 + size];
    at += 8 + size + (size % 2);
  }
}

/**
 * Marker, start and end of the contents of every segment of a JPEG before its pixels.
 * @param {Uint8Array} data
 * @returns {Generator<[number, number, number]>}
 */
export function* jpegSegments(data) {
  for (let at = 2; at + 4 <= data.length; ) {
    if (data[at] !== 0xff) return;
    const marker = data[at + 1];
    if (marker === 0xff) {
      at += 1;
    } else if (marker === 0xd9 || marker === 0xda) {
      return;
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
    } else {
      const end = at + 2 + u16(data, at + 2);
      if (end < at + 4 || end > data.length) return;
      yield [marker, at + 4, end];
      at = end;
    }
  }
}
