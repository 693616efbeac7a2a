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

/** The columns of `fakeface scan --format csv` (`COLUMNS` in _csv.py), then what only a page knows. */
const COLUMNS = [
  "source", "verdict", "p_fake", "faces", "width", "height", "model", "settings", "digest", "error", "says", "declared", "frames", "frame",
  "sha256", "selected", "reviewed", "note",
];

const STATEMENT = ["kind", "claim", "trust", "tool", "signer", "detail", "about"];

/** A result as the command line writes it to JSON, from what a report holds of it. */
function predictionOf(record) {
  const { name, verdict, p, faces, size, model, settings, digest, error, said } = record;
  const [frame, frames] = error !== null ? [null, null] : record.frames ? record.frames.split(" of ").map((text) => Number(text.replaceAll(",", ""))) : [1, 1];
  return {
    source: name, verdict, p_fake: p, size, model, settings, digest, error,
    faces: faces.map((face) => ({ box: face.box, detection_score: face.score, p_fake: face.p, verdict: face.verdict })),
    says: said?.says ?? null,
    provenance: said && { declared: said.declared, statements: said.statements.map((one) => Object.fromEntries(STATEMENT.map((name) => [name, one[name]]))), problems: said.problems, trailing: said.trailing },
    frames, frame: frame === null ? null : frame - 1,
  };
}

/** Results as JSON, with `sha256` and what the reader made of them. */
export const toJson = (records, review) => ["[\n", records.map((record) =>
  JSON.stringify({ ...(record.prediction ?? predictionOf(record)), sha256: record.sha256, ...review.of(record) })).join(",\n"), "\n]\n"];

/** Results as CSV, with the same. */
export function toCsv(records, review) {
  const rows = records.map((record) => {
    const prediction = record.prediction ?? predictionOf(record);
    const [width, height] = prediction.size ?? [];
    const faces = prediction.error === null ? prediction.faces.length : null;
    const row = { ...prediction, faces, width, height, declared: prediction.provenance?.declared, sha256: record.sha256, ...review.of(record) };
    return COLUMNS.map((name) => row[name]);
  });
  return ["\ufeff", ...[COLUMNS, ...rows].map((cells) => `${cells.map(csvCell).join(",")}\n`)]; // a mark by which Excel knows UTF-8
}

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
