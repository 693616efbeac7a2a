// Files that the page hands out: a copy of itself with what the reader added, and the selection as CSV or JSON.

import { el } from "./dom.js";

/** Encode a value as JSON for a block of the page; as `block` in _page.py. */
function encode(value) {
  const escaped = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[<\u007f-\uffff]/g, escaped);
}

/** Parts of a page with its blocks filled: `template` is the page with empty blocks, `blocks` has an array of texts for each id. */
function assemble(template, blocks) {
  const parts = [];
  let rest = template;
  for (const [id, texts] of Object.entries(blocks)) {
    const start = `type="application/json" id="${id}">`;
    const at = rest.lastIndexOf(start);
    if (at < 0) continue;
    parts.push(rest.slice(0, at + start.length), ...texts);
    rest = rest.slice(at + start.length);
  }
  parts.push(rest);
  return parts;
}

/** Let the browser save a file. */
export function download(parts, name, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** Save a copy of a report with the marks of the reader in it; `template` is the report with empty blocks. */
export function saveCopy(template, { about, records, end }, marks, name) {
  const blocks = {
    "about-data": [encode(about)],
    "state-data": [encode({ marks })],
    records: ["\n", ...records.map((record) => `${encode(record)}\n`)],
    end: [encode(end)],
  };
  download(assemble(template, blocks), name, "text/html");
}

const PRINTABLE = /^(?:[^\p{C}\p{Z}]| )*$/u;
const LOOKS_ESCAPED = /\\(?:u[0-9a-f]{4}|U(?:000[0-9a-f]|0010)[0-9a-f]{4})/;
const FORMULA = /^'*[=+@\-\uff1d\uff0b\uff20\uff0d]/;
const LATER = /;[\s"']*[=+@\-\uff1d\uff0b\uff20\uff0d]/;

/** A text in which every character that does not fit is escaped; as `escape` in _escape.py. */
function escaped(text, fits) {
  if (fits(text) && !LOOKS_ESCAPED.test(text)) return text;
  const code = (point) => (point < 0x10000 ? `\\u${point.toString(16).padStart(4, "0")}` : `\\U${point.toString(16).padStart(8, "0")}`);
  return Array.from(text, (char) => (char === "\\" ? "\\\\" : fits(char) ? char : code(char.codePointAt(0)))).join("");
}

/** A cell of CSV that no spreadsheet takes for a formula; as `cell` in _csv.py. */
function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const parted = LATER.test(value);
  let text = escaped(value, (part) => PRINTABLE.test(part) && !(parted && part.includes(";")));
  if (FORMULA.test(text)) text = `'${text}`;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Parts of a CSV file: a mark by which Excel knows UTF-8, the names of the columns, and a line for each row. */
const csv = (columns, rows) => ["\ufeff", ...[columns, ...rows.map((row) => columns.map((name) => row[name]))].map((cells) => `${cells.map(csvCell).join(",")}\n`)];

/** The columns of `fakeface scan --format csv`; as `COLUMNS` in _csv.py. */
const PREDICTION = ["source", "verdict", "p_fake", "faces", "width", "height", "model", "settings", "digest", "error", "says", "declared", "frames", "frame"];

/** Results as the command line writes them to CSV. */
export const predictionsCsv = (predictions) => csv(PREDICTION, predictions.map((prediction) => ({
  ...prediction,
  faces: prediction.error === null ? prediction.faces.length : null,
  width: prediction.size?.[0], height: prediction.size?.[1],
  declared: prediction.provenance?.declared,
})));

const COLUMNS = ["source", "verdict", "p_fake", "faces", "width", "height", "says", "blake2b", "sha256", "selected", "reviewed", "note"];

/** What is handed on of a record. */
export function exported(record, marks) {
  const [width, height] = record.size ?? [null, null];
  return {
    source: record.name, verdict: record.verdict, p_fake: record.p, faces: record.faces.length, width, height,
    says: record.said?.says ?? null, blake2b: record.digest, sha256: record.sha256 ?? null, ...marks,
  };
}

export const toCsv = (rows) => csv(COLUMNS, rows);

/** Put a text on the clipboard; return whether that worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "unseen" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy"); // where a page has no clipboard of its own
    area.remove();
    return done;
  }
}
