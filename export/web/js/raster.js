// Pixels in memory, resized as Pillow does it: the same filters, the same rounding, bit for bit.

/**
 * Pixels, four bytes each: red, green, blue, and one that is ignored.
 * @typedef {{ width: number, height: number, data: Uint8ClampedArray }} Raster
 */

/**
 * Left, top, right and bottom in pixels.
 * @typedef {[number, number, number, number]} Corners
 */

/** @typedef {{ support: number, weight: (x: number) => number }} Filter */

const PRECISION = 22; // bits behind the point: of 32, less 8 of a pixel and 2 for overshoot

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** @type {Record<string, Filter>} */
export const FILTERS = {
  bilinear: { support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * An empty raster.
 * @param {number} width
 * @param {number} height
 * @returns {Raster}
 */
export const blank = (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });

/**
 * Weights of the pixels along one axis, for every pixel of the result.
 * @param {number} size pixels of the source
 * @param {number} start of the part that is resized
 * @param {number} end
 * @param {number} out pixels of the result
 * @param {Filter} filter
 */
function weights(size, start, end, out, { support: radius, weight }) {
  const scale = Math.fround(end - start) / out; // Pillow keeps boxes in 32 bits
  const stretch = Math.max(scale, 1); // a wider filter when shrinking: no aliasing
  const support = radius * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(out);
  const count = new Int32Array(out);
  const values = new Int32Array(out * most);
  const row = new Float64Array(most);
  for (let at = 0; at < out; at += 1) {
    const centre = start + (at + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const taps = Math.min(Math.trunc(centre + support + 0.5), size) - low;
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) sum += row[tap] = weight((tap + low - centre + 0.5) / stretch);
    for (let tap = 0; tap < taps; tap += 1) {
      const value = (sum ? row[tap] / sum : row[tap]) * (1 << PRECISION);
      values[at * most + tap] = Math.trunc(value + (value < 0 ? -0.5 : 0.5));
    }
    first[at] = low;
    count[at] = taps;
  }
  return { first, count, values, most };
}

/**
 * Resize along one axis; rows of the result are those of the source, or the other way round.
 * @param {Raster} source
 * @param {number} out
 * @param {ReturnType<typeof weights>} axis
 * @param {boolean} across
 * @returns {Raster}
 */
function along(source, out, { first, count, values, most }, across) {
  const result = across ? blank(out, source.height) : blank(source.width, out);
  const { data } = source;
  const lines = across ? source.height : source.width;
  const [line, step] = across ? [source.width * 4, 4] : [4, source.width * 4];
  const [lineOut, stepOut] = across ? [out * 4, 4] : [4, source.width * 4];
  const half = 1 << (PRECISION - 1);
  for (let at = 0; at < out; at += 1) {
    const row = at * most;
    const end = row + count[at];
    for (let number = 0; number < lines; number += 1) {
      let from = number * line + first[at] * step;
      let [red, green, blue] = [half, half, half];
      for (let tap = row; tap < end; tap += 1, from += step) {
        const weight = values[tap];
        red += data[from] * weight;
        green += data[from + 1] * weight;
        blue += data[from + 2] * weight;
      }
      const to = number * lineOut + at * stepOut;
      result.data[to] = red >> PRECISION; // clamped by the array
      result.data[to + 1] = green >> PRECISION;
      result.data[to + 2] = blue >> PRECISION;
    }
  }
  return result;
}

/**
 * The mean of blocks of pixels, as `Image.reduce` of Pillow; those at the right and bottom edges may be smaller.
 * @param {Raster} source
 * @param {number} across pixels of a block, horizontally
 * @param {number} down
 * @param {Corners} [box] whole pixels; all of the source where it is missing
 * @returns {Raster}
 */
export function reduce(source, across, down, box = [0, 0, source.width, source.height]) {
  const [left, top, right, bottom] = box;
  const result = blank(Math.ceil((right - left) / across), Math.ceil((bottom - top) / down));
  for (let y = 0, to = 0; y < result.height; y += 1) {
    const rows = Math.min(down, bottom - top - y * down);
    for (let x = 0; x < result.width; x += 1, to += 4) {
      const columns = Math.min(across, right - left - x * across);
      const pixels = rows * columns;
      let red = Math.trunc(pixels / 2);
      let [green, blue] = [red, red];
      for (let row = 0; row < rows; row += 1) {
        let from = ((top + y * down + row) * source.width + left + x * across) * 4;
        for (let column = 0; column < columns; column += 1, from += 4) {
          red += source.data[from];
          green += source.data[from + 1];
          blue += source.data[from + 2];
        }
      }
      const share = Math.trunc(2 ** 24 / pixels); // as there: a multiplication, not a division
      result.data[to] = Math.trunc((red * share) / 2 ** 24);
      result.data[to + 1] = Math.trunc((green * share) / 2 ** 24);
      result.data[to + 2] = Math.trunc((blue * share) / 2 ** 24);
    }
  }
  return result;
}

/**
 * Resize a part of a raster, as `Image.resize` of Pillow.
 * @param {Raster} source
 * @param {[number, number]} size width and height of the result
 * @param {string} filter one of `FILTERS`
 * @param {Corners} [box] the part, not of whole pixels; all of the source where it is missing
 * @param {number} [gap] where it is given, the source is first reduced by whole factors to at least this many times `size`
 * @returns {Raster}
 */
export function resize(source, size, filter, box = [0, 0, source.width, source.height], gap = 0) {
  let image = source;
  let corners = box;
  if (gap) {
    const across = Math.trunc((box[2] - box[0]) / size[0] / gap) || 1;
    const down = Math.trunc((box[3] - box[1]) / size[1] / gap) || 1;
    if (across > 1 || down > 1) {
      const safe = safeBox(source, size, FILTERS[filter].support - 0.5, box);
      image = reduce(source, across, down, safe);
      corners = [(box[0] - safe[0]) / across, (box[1] - safe[1]) / down, (box[2] - safe[0]) / across, (box[3] - safe[1]) / down];
    }
  }
  const [left, top, right, bottom] = corners.map(Math.fround);
  if (left || right !== size[0] || image.width !== size[0]) {
    image = along(image, size[0], weights(image.width, left, right, size[0], FILTERS[filter]), true);
  }
  if (top || bottom !== size[1] || image.height !== size[1]) {
    image = along(image, size[1], weights(image.height, top, bottom, size[1], FILTERS[filter]), false);
  }
  return image;
}

/**
 * A raster upside down.
 * @param {Raster} source
 * @returns {Raster}
 */
export function turned({ width, height, data }) {
  const copy = data.slice();
  new Uint32Array(copy.buffer).reverse(); // four bytes a pixel
  return { width, height, data: copy };
}

/**
 * The whole pixels that resizing a part of a picture looks at.
 * @param {{ width: number, height: number }} source
 * @param {[number, number]} size
 * @param {number} support
 * @param {Corners} box
 * @returns {Corners}
 */
export function safeBox(source, size, support, box) {
  const across = (support * (box[2] - box[0])) / size[0];
  const down = (support * (box[3] - box[1])) / size[1];
  return [
    Math.max(0, Math.trunc(box[0] - across)), Math.max(0, Math.trunc(box[1] - down)),
    Math.min(source.width, Math.ceil(box[2] + across)), Math.min(source.height, Math.ceil(box[3] + down)),
  ];
}

/**
 * The input of a network: red, green and blue alone.
 * @param {Raster} raster
 * @returns {Uint8Array}
 */
export function toRgb({ data }) {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return rgb;
}
