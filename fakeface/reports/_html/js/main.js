// A report that stands in one file: read what it holds, and show it.

import { byId } from "./dom.js";
import { saveCopy } from "./files.js";
import { ReportPage } from "./page.js";

/** The JSON in a block of the page; null where the file was cut off before or inside it. */
function readBlock(id) {
  try {
    return JSON.parse(byId(id).textContent);
  } catch {
    return null;
  }
}

/** All records; a line that was cut off is left out. */
function readRecords() {
  const block = byId("records");
  const records = [];
  for (const line of (block?.textContent ?? "").split("\n")) {
    if (!line) continue;
    try {
      records.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  block?.replaceChildren(); // it may be tens of megabytes
  return records;
}

/** The name in an address; as it is written there if that is not UTF-8. */
function fileName(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const about = readBlock("about-data");
  const state = readBlock("state-data");
  const end = readBlock("end");
  const records = readRecords();
  for (const id of ["about-data", "state-data", "end"]) byId(id)?.replaceChildren();
  const template = `<!doctype html>\n${document.documentElement.outerHTML}`; // before anything on the page changes
  const report = structuredClone(about);
  if (end?.finished) report.facts.push(["Finished", end.finished]);
  const name = fileName(location.pathname.split("/").at(-1)) || "report.html";
  const save = (marks) => saveCopy(template, { about, records, end }, marks, name);
  const page = new ReportPage(report, { marks: state?.marks, save: end ? save : null });
  page.add(records);
  if (!end?.complete) page.sayIncomplete();
  if (end?.only_before) page.listOnlyBefore(end.only_before);
  page.follow();
});
