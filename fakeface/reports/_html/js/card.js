// One picture as a card of the grid, or as a row of the table.

/** Make the card of a record; `open` is called when it is pressed. */
function card(record, report, open) {
  const words = VERDICTS[record.verdict].label;
  const p = record.p === null ? "" : `, p fake ${score(record.p)}`;
  const says = record.said?.label ? `, file says ${record.said.label}` : "";
  const label = `${record.short}: ${words}${p}${says}`;
  const button = el("button", { type: "button", class: "card", "aria-label": label });
  const faces = record.faces.length > 1 ? el("span", { class: "faces" }, `${record.faces.length} faces`) : "";
  button.append(
    el("span", { class: "frame" }, picture(record, report)),
    el("span", { class: "verdict" }, badge(record.verdict), el("span", { class: "p" }, record.p === null ? "" : score(record.p))),
    scoreBar(record.p, record.verdict, report.thresholds),
    originBadge(record.said),
    el("span", { class: "name", title: record.name }, el("bdi", {}, record.file)),
    el("span", { class: "below" }, el("bdi", {}, record.below), faces),
  );
  button.addEventListener("click", () => open(record));
  return button;
}

/** Make the row of a record. */
function row(record, report, open) {
  const name = el("button", { type: "button", class: "link" }, el("bdi", {}, record.short));
  name.addEventListener("click", () => open(record));
  return el(
    "tr", {},
    el("th", { scope: "row" }, name),
    el("td", {}, badge(record.verdict)),
    el("td", { class: "number" }, el("span", { class: "with-bar" }, scoreBar(record.p, record.verdict, report.thresholds), score(record.p))),
    el("td", { class: "says" }, originBadge(record.said)),
    el("td", { class: "number" }, whole.format(record.faces.length)),
    el("td", { class: "number" }, record.size ? record.size.join(" × ") : ""),
  );
}
