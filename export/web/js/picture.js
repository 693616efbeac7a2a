// From the bytes of a file to upright pixels in sRGB, decoded by the browser; as `fakeface/images/`.

import { countFrames, formatOf, pngChunks, webpChunks, jpegSegments, latin } from "./format.js";
import { orientationOf } from "./exif.js";
import { blank, reduce } from "./raster.js";

/** @typedef {import("./raster.js").Raster} Raster */
/** @typedef {import("./raster.js").Corners} Corners */
/** @typedef {import("./format.js").Format} Format */

/** Why a picture cannot be judged, in words that follow its name. */
export class PictureError extends Error {}

const MAX_PIXELS = 64e6; // of what is decoded in full; browsers have less memory than programs
const MAX_JPEG_PIXELS = 240e6;
const MAX_BYTES = 512 * 2 ** 20;
const STRIP = 4e6; // pixels that are read from the browser at once
const QUARTER = 255 / 4;

const SHOWN = { heic: "HEIC, which only Safari can show", tiff: "TIFF, which most browsers cannot show" };

/**
 * Pictures of 2 x 1 pixels whose EXIF says that they lie on their side.
 * @type {Partial<Record<Format, string>>}
 */
const SIDEWAYS = {
  jpeg:
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOj" +
    "M9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAA" +
    "AAAAAAD/2gAIAQEAAD8AP3//2Q==",
  png:
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAALSURBVHicY2BgAAAAAw" +
    "ABuK06YwAAAABJRU5ErkJggg==",
  webp:
    "UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=",
};

/** @type {Map<Format, Promise<boolean>>} */
const turned = new Map();

/**
 * Whether the browser turns pictures of a format upright itself: which it does differs.
 * @param {Format} format
 */
function turnsItself(format) {
  const probe = SIDEWAYS[format];
  if (!probe) return Promise.resolve(true); // its decoder does, or there is nothing to turn
  const known = turned.get(format) ?? createImageBitmap(new Blob([Uint8Array.from(atob(probe), (char) => char.charCodeAt(0))]))
    .then(({ width, height }) => height > width);
  turned.set(format, known);
  return known;
}

/**
 * Whether colours are to be converted from a profile; without one they are taken as sRGB, whatever else the file says.
 * @param {Uint8Array} data
 * @param {Format} format
 */
function hasProfile(data, format) {
  if (format === "jpeg") for (const [marker, at] of jpegSegments(data)) if (marker === 0xe2 && latin(data, at, at + 11) === "ICC_PROFILE") return true;
  if (format === "png") for (const [kind] of pngChunks(data)) if (kind === "iCCP") return true;
  if (format === "webp") for (const [kind] of webpChunks(data)) if (kind === "ICCP") return true;
  return format === "avif" || format === "heic";
}

/**
 * The matrix that turns stored pixels upright, by EXIF orientation, for a picture of the stored size.
 * @param {number} orientation
 * @param {number} width
 * @param {number} height
 * @returns {[number, number, number, number, number, number]}
 */
function turn(orientation, width, height) {
  switch (orientation) {
    case 2: return [-1, 0, 0, 1, width, 0];
    case 3: return [-1, 0, 0, -1, width, height];
    case 4: return [1, 0, 0, -1, 0, height];
    case 5: return [0, 1, 1, 0, 0, 0];
    case 6: return [0, 1, -1, 0, height, 0];
    case 7: return [0, -1, -1, 0, height, width];
    case 8: return [0, -1, 1, 0, 0, width];
    default: return [1, 0, 0, 1, 0, 0];
  }
}

export class Picture {
  /**
   * Decode a file.
   * @param {Uint8Array<ArrayBuffer>} data
   * @returns {Promise<Picture>}
   */
  static async decode(data) {
    if (!data.length) throw new PictureError("is empty (0 bytes)");
    if (data.length > MAX_BYTES) throw new PictureError(`is larger than the ${MAX_BYTES / 2 ** 20} MiB allowed`);
    const format = formatOf(data);
    if (!format) throw new PictureError("is not a picture in a format that fakeface reads");
    /** @type {ImageBitmapOptions} */
    const options = {
      colorSpaceConversion: hasProfile(data, format) ? "default" : "none",
      premultiplyAlpha: "default",
    };
    let bitmap;
    try {
      bitmap = await createImageBitmap(new Blob([data], { type: `image/${format}` }), options);
    } catch {
      const other = format === "heic" || format === "tiff" ? SHOWN[format] : null;
      throw new PictureError(other ? `is ${other}; save it as JPEG or PNG` : "begins like a picture, but is broken, or of a kind that this browser cannot read");
    }
    const jpeg = format === "jpeg";
    const pixels = bitmap.width * bitmap.height;
    const most = jpeg ? MAX_JPEG_PIXELS : MAX_PIXELS;
    if (pixels > most) {
      bitmap.close();
      throw new PictureError(`has more than the ${(most / 1e6).toFixed(0)} million pixels allowed here: ${bitmap.width}x${bitmap.height}`);
    }
    const picture = new Picture(bitmap, jpeg, (await turnsItself(format)) ? 1 : orientationOf(data, format), countFrames(data, format));
    try {
      if (!jpeg) picture.check(format === "png" && data[24] === 16);
    } catch (error) {
      picture.close();
      throw error;
    }
    return picture;
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {boolean} reducible whether it may be read at a half, a quarter or an eighth of its size
   * @param {number} orientation of EXIF, 1 to 8
   * @param {number} frames
   */
  constructor(bitmap, reducible, orientation, frames) {
    this.bitmap = bitmap;
    this.reducible = reducible;
    this.frames = frames;
    this.turn = turn(orientation, bitmap.width, bitmap.height);
    this.width = orientation > 4 ? bitmap.height : bitmap.width;
    this.height = orientation > 4 ? bitmap.width : bitmap.height;
    /** @type {{ reduction: number, raster: Raster } | null} */
    this.whole = null;
  }

  /** Give the memory back. */
  close() {
    this.bitmap.close();
    this.whole = null;
  }

  /**
   * Refuse what browsers show otherwise than the library reads it.
   * @param {boolean} deep whether its numbers have 16 bits
   */
  check(deep) {
    let opaque = 0;
    let brightest = 0;
    const rows = Math.max(1, Math.floor(STRIP / this.width));
    for (let top = 0; top < this.height; top += rows) {
      const pixels = this.strip(0, top, this.width, Math.min(top + rows, this.height), false).data;
      for (let at = 0; at < pixels.length; at += 4) {
        opaque |= pixels[at + 3];
        if (deep) brightest = Math.max(brightest, pixels[at], pixels[at + 1], pixels[at + 2]);
      }
      if (opaque && (!deep || brightest >= QUARTER)) return;
    }
    if (!opaque) throw new PictureError("is transparent everywhere; browsers do not show what lies below");
    throw new PictureError("is darker everywhere than a quarter of what 16 bits can hold: what is white in it is not known; save it in 8 bits");
  }

  /**
   * The size of the picture at a reduction, and that as a fraction of the full one.
   * @param {number} reduction
   */
  reducedSize(reduction) {
    const by = this.reducible ? reduction : 1;
    const [width, height] = [Math.ceil(this.width / by), Math.ceil(this.height / by)];
    return { width, height, scale: Math.max(width, height) / Math.max(this.width, this.height) };
  }

  /**
   * Upright pixels of all of the picture.
   * @param {number} reduction 1, 2, 4 or 8; only JPEGs are reduced, as the library reads them
   * @returns {Raster}
   */
  load(reduction) {
    const { width, height } = this.reducedSize(reduction);
    const { raster } = this.read(reduction, [0, 0, width, height]);
    this.whole = { reduction: this.reducible ? reduction : 1, raster };
    return raster;
  }

  /**
   * Upright pixels of a part of the picture, or of more than that.
   * @param {number} reduction
   * @param {Corners} box whole pixels of the reduced picture
   * @returns {{ raster: Raster, origin: [number, number] }}
   */
  read(reduction, [left, top, right, bottom]) {
    const by = this.reducible ? reduction : 1;
    if (this.whole?.reduction === by) return { raster: this.whole.raster, origin: [0, 0] };
    const raster = blank(right - left, bottom - top);
    const x = [left * by, Math.min(right * by, this.width)];
    const rows = Math.max(1, Math.floor(STRIP / (x[1] - x[0]) / by));
    for (let row = top; row < bottom; row += rows) {
      const end = Math.min(row + rows, bottom);
      const strip = this.strip(x[0], row * by, x[1], Math.min(end * by, this.height), true);
      const part = by > 1 ? reduce(strip, by, by) : strip;
      raster.data.set(part.data, (row - top) * raster.width * 4);
    }
    return { raster, origin: [left, top] };
  }

  /**
   * Pixels of a part in its full size, on white where they are transparent.
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   * @param {boolean} flat whether to lay it on white
   * @returns {Raster}
   */
  strip(left, top, right, bottom, flat) {
    const [width, height] = [right - left, bottom - top];
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (!context) throw new PictureError("needs more memory than the browser gives");
    const [a, b, c, d, e, f] = this.turn;
    context.imageSmoothingEnabled = false;
    if (flat && !this.reducible) {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
    }
    context.setTransform(a, b, c, d, e - left, f - top);
    context.drawImage(this.bitmap, 0, 0);
    return { width, height, data: context.getImageData(0, 0, width, height).data };
  }
}
