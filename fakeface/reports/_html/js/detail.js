// One picture, large, with all that is known of it.

const KINDS = { c2pa: "Content credentials (C2PA)", iptc: "IPTC", xmp: "XMP", exif: "EXIF", png: "PNG text" };

class Detail {
  constructor(report) {
    this.report = report;
    this.dialog = byId("detail");
    this.around = [];
    this.at = 0;
    byId("close").addEventListener("click", () => this.dialog.close());
    byId("previous").addEventListener("click", () => this.step(-1));
    byId("next").addEventListener("click", () => this.step(1));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside the content
    });
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.step(-1);
      if (event.key === "ArrowRight") this.step(1);
    });
  }

  open(record, around) {
    this.around = around;
    this.at = around.indexOf(record);
    this.show();
    this.dialog.showModal();
  }

  step(by) {
    const at = this.at + by;
    if (at < 0 || at >= this.around.length) return;
    this.at = at;
    this.show();
  }

  show() {
    const record = this.around[this.at];
    // A disabled button would lose the focus, and the arrow keys with it.
    byId("previous").setAttribute("aria-disabled", String(this.at === 0));
    byId("next").setAttribute("aria-disabled", String(this.at === this.around.length - 1));
    byId("detail-title").replaceChildren(el("bdi", {}, record.file));
    const side = el("div", { class: "detail-side" }, this.summary(record));
    if (record.faces.length) side.append(this.faces(record));
    if (record.faces.some((face) => face.heat)) {
      side.append(el("div", { class: "legend" }, ...legend(this.report.heat)));
    }
    if (record.said) side.append(this.origin(record.said));
    side.append(this.facts(record));
    const stage = el("div", { class: "stage" }, picture(record, this.report));
    byId("detail-body").replaceChildren(stage, side);
    byId("detail-body").scrollTop = 0;
  }

  summary(record) {
    const meaning = el("p", { class: "note" }, VERDICTS[record.verdict].meaning);
    const line = el("p", { class: "big" }, badge(record.verdict));
    if (record.p === null) return el("div", {}, line, meaning);
    line.append(el("span", { class: "p" }, el("i", {}, "p"), ` (fake) ${score(record.p)}`));
    return el("div", {}, line, scoreBar(record.p, record.verdict, this.report.thresholds), meaning);
  }

  faces(record) {
    const list = el("ol", { class: "face-list" });
    record.faces.forEach((face, at) => {
      const [, , width, height] = face.box.map(Math.round);
      const said = el("p", {}, `Face ${at + 1} `, badge(face.verdict));
      if (face.p !== null) said.append(el("span", { class: "p" }, score(face.p)));
      const found = el("p", { class: "note" }, `${width} × ${height} px, found with score ${face.score.toFixed(2)}`);
      list.append(el("li", {}, faceTile(record, face, this.report), el("div", {}, said, found)));
    });
    return list;
  }

  /** All that the file says of its own origin. */
  origin(said) {
    const list = el("ul", { class: "statements" });
    for (const { text, kind, trust, detail } of said.statements) {
      const more = detail ? `${KINDS[kind]}: ${detail}. ` : `${KINDS[kind]}. `;
      list.append(el("li", { class: trust }, el("b", {}, el("bdi", {}, text)), el("p", { class: "note" }, el("bdi", {}, more), TRUSTS[trust])));
    }
    for (const problem of said.problems) list.append(el("li", {}, "Unreadable: ", el("bdi", {}, problem)));
    if (said.trailing) list.append(el("li", {}, `${count(said.trailing, "byte", "bytes")} behind the picture say nothing.`));
    const nothing = el("p", { class: "note" }, "Nothing, which is no sign for or against AI: metadata is easily lost.");
    return el("div", { class: "origins" }, el("h3", {}, "The file says"), list.children.length ? list : nothing);
  }

  facts(record) {
    const facts = el("dl", { class: "facts" });
    const add = (name, value) => value && facts.append(el("dt", {}, name), el("dd", {}, el("bdi", {}, value)));
    add("Path", record.name);
    add("Size", record.size && `${record.size.join(" × ")} px`);
    add("Frame", record.frames);
    add("BLAKE2b-128", record.digest);
    return facts;
  }
}
