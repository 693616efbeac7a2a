// Puts the page together once the file has been read.

function headline(judged, errors) {
  const fake = judged.filter((record) => record.verdict === "fake").length;
  const total = judged.length;
  if (!total) return errors ? "No file could be read" : "No pictures were found";
  const of = count(total, "picture", "pictures");
  if (!fake) return total === 1 ? "The picture was not flagged" : `None of ${of} was flagged as AI`;
  return total === 1 ? "The picture was flagged as AI" : `${whole.format(fake)} of ${of} ${fake === 1 ? "was" : "were"} flagged as AI`;
}

function lede(report, folder, declared) {
  const parts = [];
  if (folder) parts.push("In ", el("b", {}, el("bdi", {}, folder)), ". ");
  if (declared) parts.push(`${count(declared, "file declares", "files declare")} that AI made or changed the picture. `);
  parts.push(
    `Judged by the model ${report.model}. A verdict is a reason to look closer, not a proof: `,
    el("a", { href: "#reading" }, "how to read this report"), ".",
  );
  return parts;
}

function verdictButtons(judged, errors, results) {
  const box = byId("verdicts");
  for (const [verdict, { label, icon: shape }] of Object.entries(VERDICTS)) {
    const number = judged.filter((record) => record.verdict === verdict).length;
    const button = el("button", { type: "button", class: `total ${verdict}`, "aria-pressed": "false", "data-verdict": verdict });
    button.append(el("span", { class: "number" }, whole.format(number)), el("span", { class: "what" }, icon(shape), label));
    if (!number) button.disabled = true;
    button.addEventListener("click", () => {
      if (!results.verdicts.delete(verdict)) results.verdicts.add(verdict);
      button.setAttribute("aria-pressed", String(results.verdicts.has(verdict)));
      results.update();
    });
    box.append(button);
  }
  if (errors) {
    const link = el("a", { href: "#unreadable", class: "total error" });
    link.append(el("span", { class: "number" }, whole.format(errors)), el("span", { class: "what" }, icon("error"), "unreadable"));
    box.append(link);
  }
}

function unreadable(records) {
  byId("unreadable").hidden = !records.length;
  let shown = 0;
  const more = () => {
    const part = records.slice(shown, shown + STEP.table);
    byId("unreadable-body").append(...part.map((record) =>
      el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, record.short)), el("td", {}, record.error))));
    shown += part.length;
    byId("unreadable-more").hidden = shown === records.length;
    byId("unreadable-more").textContent = `Show ${whole.format(Math.min(records.length - shown, STEP.table))} more`;
  };
  byId("unreadable-more").addEventListener("click", more);
  more();
}

function meanings() {
  for (const [verdict, { meaning }] of Object.entries(VERDICTS)) {
    byId("meanings").append(el("dt", {}, badge(verdict)), el("dd", {}, meaning));
  }
}

const about = (n) => (n > 0 && n < 1 ? "fewer than 1" : `about ${whole.format(Math.round(n))}`);

/** How many flags are false, for this scan and for numbers of the reader's own. */
function baseRates(report, judged) {
  const rated = judged.filter((record) => record.p !== null);
  const flagged = rated.filter((record) => record.verdict === "fake").length;
  const percent = (share) => `${Number((share * 100).toPrecision(2))}\u00a0%`;
  if (report.fpr !== null) {
    byId("fpr").value = String(Number((report.fpr * 100).toPrecision(3)));
    byId("false-flags").textContent =
      `At this setting the detector flags about ${percent(report.fpr)} of photographs. If all of the ` +
      `${count(rated.length, "picture", "pictures")} judged here were photographs, ` +
      `${about(report.fpr * rated.length)} would still be flagged; ${whole.format(flagged)} were. ` +
      "How much a flag is worth depends on how common AI is among such pictures.";
  } else {
    byId("false-flags").textContent = "How much a flag is worth depends on how common AI is among such pictures.";
  }
  byId("bayes-note").textContent =
    (report.fpr !== null ? "The last number is the model’s own, for pictures like those that it was measured on; the first two are assumptions."
      : "All three are assumptions.") + " Your pictures will differ.";
  const answer = () => {
    const [prior, tpr, fpr] = ["prior", "tpr", "fpr"].map((id) => Math.min(Math.max(byId(id).valueAsNumber / 100, 0), 1));
    if ([prior, tpr, fpr].some(Number.isNaN)) {
      byId("answer").textContent = "Each field needs a number.";
      return;
    }
    const ai = Math.round(1000 * prior);
    const hits = 1000 * prior * tpr;
    const alarms = 1000 * (1 - prior) * fpr;
    const right = hits + alarms ? `${percent(hits / (hits + alarms))} of the flags are right` : "nothing is flagged";
    byId("answer").replaceChildren(
      `Of 1,000 such pictures ${whole.format(ai)} are AI-made, ${about(hits)} of them flagged; ` +
      `${whole.format(1000 - ai)} are photographs, ${about(alarms)} of them flagged: `, el("b", {}, right), ".");
  };
  byId("bayes").addEventListener("input", answer);
  byId("bayes").addEventListener("submit", (event) => event.preventDefault());
  answer();
}

function wire(results) {
  const { records, report } = results;
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", (event) => {
    results.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.update();
  });
  byId("sort").addEventListener("change", (event) => {
    results.sort = event.target.value;
    results.update();
  });
  if (records.some((record) => record.said)) {
    for (const node of document.querySelectorAll(".if-said")) node.hidden = false;
    for (const [key, { label, test }] of Object.entries(ORIGINS)) {
      const number = records.filter((record) => test(record.said)).length;
      byId("origin").append(el("option", { value: key, disabled: !number }, `${label} (${whole.format(number)})`));
    }
    byId("origin").addEventListener("change", (event) => {
      results.origin = event.target.value;
      results.update();
    });
  } else {
    document.body.classList.add("unsaid");
  }
  for (const radio of document.getElementsByName("view")) {
    radio.addEventListener("change", () => {
      results.view = radio.value;
      results.update();
    });
  }
  for (const head of byId("table").querySelectorAll("th[data-sort]")) {
    head.firstElementChild.addEventListener("click", () => {
      const { sort } = head.dataset;
      const first = sort === "p" || sort === "faces" ? "desc" : "asc";
      const second = first === "desc" ? "asc" : "desc";
      results.sort = `${sort}-${results.sort === `${sort}-${first}` ? second : first}`;
      byId("sort").value = results.sort;
      results.update();
    });
  }
  byId("more").addEventListener("click", () => {
    const first = results.more();
    (first?.querySelector("button") ?? first)?.focus(); // go on where the new ones begin
  });
  byId("reset").addEventListener("click", () => {
    results.verdicts.clear();
    results.words = [];
    byId("search").value = "";
    results.origin = byId("origin").value = "";
    for (const button of byId("verdicts").querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", "false");
    results.update();
    byId("search").focus();
  });
  if (records.some((record) => record.faces.some((face) => face.heat))) {
    byId("heat-toggle").hidden = false;
    byId("heat-reading").hidden = false;
    byId("heat-legend").append(...legend(report.heat));
    const toggle = () => {
      document.body.classList.toggle("heat", byId("heat").checked);
      byId("heat-legend").hidden = !byId("heat").checked || results.view !== "grid";
    };
    byId("tools").addEventListener("change", toggle);
    toggle(); // a browser may have kept the box checked
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, dialog")) {
      event.preventDefault();
      byId("search").focus();
    }
  });
  window.addEventListener("beforeprint", () => {
    results.more(true);
    wakeAll();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const end = readBlock("end");
  const report = readBlock("about-data");
  const records = readRecords();
  const folder = nameRecords(records);
  const judged = records.filter((record) => record.error === null);
  const failed = records.filter((record) => record.error !== null);

  byId("date").textContent = report.date;
  byId("headline").textContent = headline(judged, failed.length);
  byId("lede").append(...lede(report, folder, judged.filter(({ said }) => said?.declared === "ai").length));
  document.title = `${byId("headline").textContent} · fakeface report`;
  if (!end?.complete) {
    byId("incomplete").hidden = false;
    byId("incomplete").textContent =
      `The scan was stopped before its end. This report holds the ${count(records.length, "file", "files")} that were done.`;
  }
  const facts = [["Files", whole.format(records.length)], ...report.facts];
  if (end?.finished) facts.push(["Finished", end.finished]);
  for (const [name, value] of facts) byId("facts").append(el("dt", {}, name), el("dd", {}, el("bdi", {}, value)));

  const rated = judged.filter((record) => record.p !== null);
  byId("distribution").hidden = !rated.length;
  const { chart, bins } = histogram(rated, report.thresholds);
  byId("histogram").append(chart);
  histogramTable(byId("histogram-table"), bins);
  byId("distribution-hint").textContent = `of the most suspicious face in ${count(rated.length, "picture", "pictures")}`;

  const detail = new Detail(report);
  const results = new Results(judged, report, (record, around) => detail.open(record, around));
  verdictButtons(judged, failed.length, results);
  meanings();
  baseRates(report, judged);
  unreadable(failed);
  wire(results);
  results.update();
});
