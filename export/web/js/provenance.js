// What a file says of its own origin, in the usual places: EXIF, XMP and the texts of PNG. Content credentials are named, their
// signatures not checked. `fakeface/provenance/` reads more; words and order are the same.

import { exifOf, readDirectory } from "./exif.js";
import { formatOf, jpegSegments, latin, pngChunks, webpChunks } from "./format.js";
import { fromText, readTexts } from "./generators.js";
import { line, program, prompt, sourceType, statement } from "./vocabulary.js";

/** @typedef {"ai" | "ai_edited" | "suspected" | "camera" | "edited" | "unknown"} Claim */

/**
 * One thing that the metadata of a file states.
 * @typedef {{ kind: "c2pa" | "exif" | "iptc" | "png" | "xmp", claim: Claim, trust: "unverified" | "unsigned", tool: string | null,
 *   signer: null, detail: string, about: "picture" }} Statement
 */

/** @typedef {{ declared: "ai" | "camera" | null, statements: Statement[], problems: string[], trailing: number }} Provenance */

/** @typedef {{ exif: Uint8Array | null, xmp: Uint8Array | null, texts: [string, string][], c2pa: boolean, trailing: number }} Blocks */

/** @type {Record<Claim, string>} */
const CLAIMS = { ai: "AI", ai_edited: "AI edit", suspected: "suspected AI", camera: "camera", edited: "edited", unknown: "other" };
const TRUSTS = { unverified: "not checked", unsigned: "unsigned" };
const ORDER = { ai: 0, ai_edited: 0, suspected: 2, camera: 3, edited: 5, unknown: 6 };
const MAX_BLOCK = 2 ** 20;
const MOST_PHRASES = 3;

const XMP = "http://ns.adobe.com/xap/1.0/\0";
const STORE = "c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71"; // the type of the box of content credentials

const MAKE = 0x010f, MODEL = 0x0110, SOFTWARE = 0x0131, EXIF = 0x8769;
const EXPOSURE = 0x829a, APERTURE = 0x829d, ISO = 0x8827, FOCAL = 0x920a, COMMENT = 0x9286, LENS = 0xa434;

/** @param {Uint8Array} data @param {number} at */
const isStore = (data, at) => latin(data, at + 4, at + 8) === "jumb" && latin(data, at + 12, at + 16) === "jumd" && latin(data, at + 16, at + 32) === STORE;

/**
 * Inflate what a PNG or an XMP packet keeps compressed.
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function inflate(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  for (let size = 0; size <= MAX_BLOCK; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    parts.push(value);
  }
  await reader.cancel();
  throw new Error(`unpacks to more than the ${MAX_BLOCK.toLocaleString("en")} bytes allowed`);
}

/**
 * @param {Uint8Array<ArrayBuffer>} data
 * @param {Blocks} blocks
 */
async function readPng(data, blocks) {
  let end = 0;
  for (const [kind, start, last] of pngChunks(data)) {
    if (kind === "IEND") end = last + 4;
    if (kind === "caBX") blocks.c2pa ||= isStore(data, start);
    if ((kind !== "tEXt" && kind !== "zTXt" && kind !== "iTXt") || blocks.texts.length >= 64 || last - start > MAX_BLOCK) continue;
    const zero = data.indexOf(0, start);
    if (zero < 0 || zero >= last) continue;
    const name = latin(data, start, zero);
    let at = zero + 1;
    let packed = kind === "zTXt";
    if (packed) at += 1;
    if (kind === "iTXt") {
      packed = data[at] === 1;
      at = data.indexOf(0, data.indexOf(0, at + 2) + 1) + 1; // behind language and translated keyword
    }
    const bytes = packed ? await inflate(data.slice(at, last)) : data.subarray(at, last);
    if (name === "XML:com.adobe.xmp") blocks.xmp ??= bytes;
    else blocks.texts.push([name, decoded(bytes)]);
  }
  if (end) blocks.trailing = Math.max(0, data.length - end);
}

/**
 * Decode a text; many programs write UTF-8 where the format says Latin-1.
 * @param {Uint8Array} bytes
 */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

/**
 * @param {Uint8Array} data
 * @param {Blocks} blocks
 */
function readJpeg(data, blocks) {
  let end = 2;
  for (const [marker, start, last] of jpegSegments(data)) {
    end = last;
    if (marker === 0xe1 && latin(data, start, start + XMP.length) === XMP) blocks.xmp ??= data.subarray(start + XMP.length, last);
    if (marker === 0xeb && latin(data, start, start + 2) === "JP") blocks.c2pa ||= isStore(data, start + 8);
  }
  for (let at = data.length - 2; at >= end; at -= 1) {
    if (data[at] === 0xff && data[at + 1] === 0xd9) {
      blocks.trailing = data.length - at - 2;
      return;
    }
  }
}

/**
 * @param {Uint8Array} data
 * @param {Blocks} blocks
 */
function readWebp(data, blocks) {
  for (const [kind, start, last] of webpChunks(data)) {
    if (kind === "XMP ") blocks.xmp ??= data.subarray(start, last);
    if (kind === "C2PA") blocks.c2pa ||= isStore(data, start);
  }
  const view = new DataView(data.buffer, data.byteOffset);
  const whole = 8 + view.getUint32(4, true);
  blocks.trailing = Math.max(0, data.length - whole - (whole % 2));
}

/**
 * The first value of a property of XMP, as an element or an attribute. Workers have no XML parser, so the packet is searched;
 * what stands inside of other resources (ingredients, history) is cut out first.
 * @param {string} packet
 * @param {string} name with the usual prefix
 */
function property(packet, name) {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')|<${name}\\b[^>]*?(?:rdf:resource\\s*=\\s*["']([^"']*)["'][^>]*/?>|>([\\s\\S]*?)</${name}>)`).exec(packet);
  const text = (found?.[1] ?? found?.[2] ?? found?.[3] ?? found?.[4] ?? "").replace(/<[^>]*>/g, " ");
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity) => ({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" })[/** @type {"lt"} */ (entity)] ?? "").trim();
}

/**
 * @param {Uint8Array} bytes
 * @returns {Generator<Statement>}
 */
function* readXmp(bytes) {
  const wide = bytes[0] === 0xfe || bytes[0] === 0 ? "utf-16be" : bytes[0] === 0xff || bytes[1] === 0 ? "utf-16le" : "utf-8";
  const whole = new TextDecoder(wide).decode(bytes);
  const packet = whole.replace(/<(\w+:(?:Ingredients|Pantry|History|DerivedFrom))\b[\s\S]*?<\/\1>/g, "");
  const tool = property(packet, "xmp:CreatorTool");
  const credit = property(packet, "photoshop:Credit");
  const type = sourceType(property(packet, "Iptc4xmpExt:DigitalSourceType") || property(packet, "Iptc4xmpExt:DigitalSourcefileType"));
  const system = property(packet, "Iptc4xmpExt:AISystemUsed");
  if (type) yield statement("iptc", type.claim, line(system || credit || tool, 80), `DigitalSourceType ${type.term}`);
  else if (system) yield statement("iptc", "ai", line(system, 80), prompt(property(packet, "Iptc4xmpExt:AIPromptInformation")) || "AISystemUsed");
  const claim = program(credit);
  if (claim === "ai" || claim === "ai_edited") yield statement("iptc", claim, line(credit, 80), "Credit");
  const comment = fromText("parameters", property(packet, "exif:UserComment"), "xmp");
  if (comment) yield comment;
  if (tool) yield statement("xmp", program(tool), line(tool, 80), "CreatorTool");
  const remote = property(packet, "dcterms:provenance");
  if (/^https?:\/\//.test(remote)) yield statement("c2pa", "unknown", null, `kept at ${line(remote)}, which is not fetched`);
}

/**
 * @param {Uint8Array} block
 * @returns {Generator<Statement>}
 */
function* readExif(block) {
  const values = readDirectory(block, null, [MAKE, MODEL, SOFTWARE, EXIF]);
  const inner = values.get(EXIF);
  if (typeof inner === "number") {
    for (const [tag, value] of readDirectory(block, inner, [EXPOSURE, APERTURE, ISO, FOCAL, COMMENT, LENS])) values.set(tag, value);
  }
  /** @param {number} tag */
  const text = (tag) => String(values.get(tag) ?? "");
  const [make, model, software] = [MAKE, MODEL, SOFTWARE].map(text);
  const comment = fromText("parameters", text(COMMENT), "exif");
  if (comment) yield comment;
  const taken = exposure(values);
  const camera = model && taken;
  if (camera) {
    const name = model.toLowerCase().startsWith(make.toLowerCase()) ? model : `${make} ${model}`;
    yield statement("exif", "camera", line(name, 80), line([text(LENS), taken].filter(Boolean).join(", ")));
  }
  const claim = program(software);
  if (software && (claim !== "unknown" || !camera)) yield statement("exif", claim, line(software, 80), "Software");
}

/**
 * Exposure time, aperture, ISO and focal length in words.
 * @param {Map<number, string | number>} values
 */
function exposure(values) {
  /** @param {number} tag */
  const number = (tag) => {
    const value = values.get(tag);
    return typeof value === "number" && Number.isFinite(value) ? value : 0;
  };
  const parts = [];
  const time = number(EXPOSURE);
  if (time) parts.push(time > 0 && time < 1 ? `1/${(1 / time).toFixed(0)} s` : `${Number(time.toPrecision(6))} s`);
  if (number(APERTURE)) parts.push(`f/${Number(number(APERTURE).toPrecision(3))}`);
  if (number(ISO)) parts.push(`ISO ${Math.trunc(number(ISO))}`);
  if (parts.length && number(FOCAL)) parts.push(`${Number(number(FOCAL).toPrecision(3))} mm`);
  return parts.join(", ");
}

/**
 * What a file says of its own origin.
 * @param {Uint8Array<ArrayBuffer>} data
 * @returns {Promise<Provenance>}
 */
export async function provenanceOf(data) {
  /** @type {Blocks} */
  const blocks = { exif: null, xmp: null, texts: [], c2pa: false, trailing: 0 };
  /** @type {Statement[]} */
  const statements = [];
  const problems = [];
  try {
    const format = formatOf(data);
    if (format) blocks.exif = exifOf(data, format);
    if (format === "png") await readPng(data, blocks);
    if (format === "jpeg") readJpeg(data, blocks);
    if (format === "webp") readWebp(data, blocks);
    if (blocks.c2pa) statements.push(statement("c2pa", "unknown", null, "signatures are not checked in the browser"));
    if (blocks.xmp) statements.push(...readXmp(blocks.xmp));
    if (blocks.exif) statements.push(...readExif(blocks.exif));
    statements.push(...readTexts(blocks.texts));
  } catch (error) {
    problems.push(line(error instanceof Error ? error.message : String(error)));
  }
  const claims = statements.map(({ claim }) => claim);
  const ai = claims.includes("ai") || claims.includes("ai_edited");
  return { declared: ai ? "ai" : claims.includes("camera") ? "camera" : null, statements: statements.slice(0, 64), problems, trailing: blocks.trailing };
}

/**
 * A statement in one line.
 * @param {Statement} stated
 */
export function phrase({ kind, claim, trust, tool }) {
  const what = kind === "c2pa" && claim === "unknown" ? "content credentials" : CLAIMS[claim];
  return tool ? `${what}: ${tool} (${TRUSTS[trust]})` : `${what} (${TRUSTS[trust]})`;
}

/** @param {Provenance} provenance */
const ordered = ({ statements }) => {
  /** @param {Statement} one */
  const rank = ({ claim, trust }) => ORDER[claim] * 2 + (trust === "unverified" ? 0 : 1);
  return [...statements].sort((a, b) => rank(a) - rank(b));
};

/**
 * The most important statements in one line.
 * @param {Provenance} provenance
 */
export function says(provenance) {
  const phrases = [...new Set(ordered(provenance).map(phrase))];
  if (phrases.length > MOST_PHRASES) phrases.splice(MOST_PHRASES, phrases.length, `${phrases.length - MOST_PHRASES} more`);
  const { problems, trailing } = provenance;
  if (!phrases.length && problems.length) return `unreadable: ${problems[0]}`;
  if (!phrases.length && trailing) return `nothing; ${trailing.toLocaleString("en")} byte${trailing === 1 ? "" : "s"} behind the picture ignored`;
  return phrases.join("; ") || "nothing";
}

/**
 * A few words for a badge; empty where the file says nothing.
 * @param {Provenance} provenance
 */
export function label(provenance) {
  const [top] = ordered(provenance);
  if (!top) return provenance.trailing ? "trailing bytes" : provenance.problems.length ? "unreadable" : "";
  if (top.kind === "c2pa") return `C2PA, ${TRUSTS[top.trust]}`;
  return `${CLAIMS[top.claim]}, ${TRUSTS[top.trust]}`;
}
