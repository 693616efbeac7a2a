// Files that the page hands out: a copy of itself with what the reader added, and the selection as CSV or JSON.

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
function download(parts, name, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** Save a copy of a report with the marks of the reader in it; `template` is the report with empty blocks. */
function saveCopy(template, { about, records, end }, marks, name) {
  const blocks = {
    "about-data": [encode(about)],
    "state-data": [encode({ marks })],
    records: ["\n", ...records.map((record) => `${encode(record)}\n`)],
    end: [encode(end)],
  };
  download(assemble(template, blocks), name, "text/html");
}

/** A cell of CSV that no spreadsheet takes for a formula; as `cell` in _csv.py. */
function csvCell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  const formula = /^'*[=+@\-\uff1d\uff0b\uff20\uff0d]/;
  text = text.replace(/[\r\n]+/g, " ");
  if (/;[\s"']*[=+@\-\uff1d\uff0b\uff20\uff0d]/.test(text)) text = text.replaceAll(";", "\\u003b");
  if (formula.test(text)) text = `'${text}`;
  return /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COLUMNS = ["source", "verdict", "p_fake", "faces", "width", "height", "says", "blake2b", "sha256", "selected", "reviewed", "note"];

/** What is handed on of a record. */
function exported(record, marks) {
  const [width, height] = record.size ?? [null, null];
  return {
    source: record.name, verdict: record.verdict, p_fake: record.p, faces: record.faces.length, width, height,
    says: record.said?.says ?? null, blake2b: record.digest, sha256: record.sha256 ?? null, ...marks,
  };
}

const toCsv = (rows) => ["\ufeff", [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name]))]
  .map((row) => `${row.map(csvCell).join(",")}\r\n`).join("")];

/** Put a text on the clipboard; return whether that worked. */
async function copyText(text) {
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
