// A report that stands in one file: read what it holds, and show it.
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
  block?.remove(); // it may be tens of megabytes
  return records;
}

document.addEventListener("DOMContentLoaded", () => {
  const end = readBlock("end");
  const report = readBlock("about-data");
  if (end?.finished) report.facts.push(["Finished", end.finished]);
  const page = new ReportPage(report);
  page.add(readRecords());
  if (!end?.complete) page.sayIncomplete();
});
