// One picture, large, with all that is known of it.

import { changeNote } from "./changes.js";
import { byId, count, el, score } from "./dom.js";
import { copyText } from "./files.js";
import { GONE, faceTile, legend, picture } from "./picture.js";
import { TRUSTS, VERDICTS, badge, scoreBar } from "./records.js";

const KINDS = { c2pa: "Content credentials (C2PA)", iptc: "IPTC", xmp: "XMP", exif: "EXIF", png: "PNG text" };

const ZOOMS = [1, 1.5, 2, 3, 4];

export class Detail {
  constructor(page) {
    this.page = page;
    this.report = page.report;
    this.dialog = byId("detail");
    this.around = [];
    this.at = 0;
    this.zoom = 0;
    byId("close").addEventListener("click", () => this.dialog.close());
    byId("previous").addEventListener("click", () => this.step(-1));
    byId("next").addEventListener("click", () => this.step(1));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside the content
    });
    this.dialog.addEventListener("keydown", (event) => {
      if (event.target.closest("textarea")) return;
      if (event.key === "ArrowLeft" && !this.zoom) this.step(-1);
      if (event.key === "ArrowRight" && !this.zoom) this.step(1);
      if (event.key === "+" || event.key === "=") this.magnify(1);
      if (event.key === "-") this.magnify(-1);
    });
    this.dialog.addEventListener("close", () => this.page.remember());
  }

  /** The record that is shown; null while the dialog is closed. */
  get record() {
    return this.dialog.open ? this.around[this.at] : null;
  }

  open(record, around) {
    this.around = around;
    this.at = Math.max(around.indexOf(record), 0);
    this.show();
    if (!this.dialog.open) this.dialog.showModal();
    this.page.remember();
  }

  step(by) {
    const at = this.at + by;
    if (at < 0 || at >= this.around.length) return;
    this.at = at;
    this.show();
    this.page.remember();
  }

  show() {
    const record = this.around[this.at];
    // A disabled button would lose the focus, and the arrow keys with it.
    byId("previous").setAttribute("aria-disabled", String(this.at === 0));
    byId("next").setAttribute("aria-disabled", String(this.at === this.around.length - 1));
    byId("detail-title").replaceChildren(el("bdi", {}, record.file));
    const side = el("div", { class: "detail-side" }, this.summary(record), this.review(record));
    if (record.faces.length) side.append(this.faces(record));
    if (record.faces.some((face) => face.heat)) {
      side.append(el("div", { class: "legend" }, ...legend(this.report.heat)));
    }
    if (record.said) side.append(this.origin(record.said));
    side.append(this.facts(record), this.actions(record));
    this.zoom = 0;
    const shown = picture(record, this.report, { large: true });
    this.stage = el("div", { class: "stage", tabindex: "0", role: "region", "aria-label": "Picture" }, shown);
    const buttons = el("div", { class: "zoom" }, this.zoomButton("−", "Smaller", -1), this.zoomButton("+", "Larger", 1));
    const inside = byId("detail-body").contains(document.activeElement); // what had the focus goes, and the keys with it
    byId("detail-body").replaceChildren(el("div", { class: "detail-picture" }, this.stage, shown.wake ? buttons : ""), side);
    byId("detail-body").scrollTop = 0;
    if (inside) this.stage.focus();
  }

  zoomButton(text, label, by) {
    const button = el("button", { type: "button", "aria-label": label }, text);
    button.addEventListener("click", () => this.magnify(by));
    return button;
  }

  /** Enlarge the picture, or make it smaller; what is in the middle stays there. */
  magnify(by) {
    const { stage } = this;
    const shown = stage.firstElementChild;
    const before = ZOOMS[this.zoom];
    this.zoom = Math.min(Math.max(this.zoom + by, 0), ZOOMS.length - 1);
    const middle = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    const factor = ZOOMS[this.zoom];
    stage.classList.toggle("zoomed", factor > 1);
    shown.style[shown.classList.contains("wide") ? "width" : "height"] = factor > 1 ? `${factor * 100}%` : "";
    stage.scrollLeft = (middle[0] * factor) / before - stage.clientWidth / 2;
    stage.scrollTop = (middle[1] * factor) / before - stage.clientHeight / 2;
  }

  /** What the reader makes of it. */
  review(record) {
    const { review } = this.page;
    const marks = review.of(record);
    const box = (name, label) => {
      const input = el("input", { type: "checkbox" });
      input.checked = marks[name];
      input.addEventListener("change", () => review.set([record], { [name]: input.checked }));
      return el("label", {}, input, ` ${label}`);
    };
    const note = el("textarea", { rows: "2", maxlength: "5000", placeholder: "Note", "aria-label": "Note" });
    note.value = marks.note;
    note.addEventListener("input", () => review.set([record], { note: note.value }));
    return el("div", { class: "review" }, box("selected", "Selected"), box("reviewed", "Reviewed"), note);
  }

  /** Ways to the original. */
  actions(record) {
    const said = el("span", { role: "status", class: "note" });
    const copy = (label, text) => {
      const button = el("button", { type: "button", class: "link" }, label);
      button.addEventListener("click", async () => {
        said.textContent = (await copyText(text())) ? "Copied." : "The browser did not allow it.";
      });
      return button;
    };
    const parts = [copy("Copy path", () => record.name), said];
    if (this.page.linked) parts.splice(1, 0, copy("Copy link", () => location.href));
    if (record.link) parts.unshift(el("a", { href: record.link, target: "_blank", rel: "noopener noreferrer" }, "Open original"));
    return el("p", { class: "actions" }, ...parts);
  }

  summary(record) {
    const meaning = el("p", { class: "note" }, VERDICTS[record.verdict].meaning);
    const line = el("p", { class: "big" }, badge(record.verdict));
    if (record.p === null) return el("div", {}, line, meaning);
    line.append(el("span", { class: "p" }, el("i", {}, "p"), ` (fake) ${score(record.p)}`));
    return el("div", {}, line, scoreBar(record.p, record.verdict, this.report.thresholds), changeNote(record), meaning);
  }

  faces(record) {
    const list = el("ol", { class: "face-list" });
    record.faces.forEach((face, at) => {
      const [, , width, height] = face.box.map(Math.round);
      const said = el("p", {}, record.faces.length > 1 ? `Face ${at + 1} ` : "Face ", badge(face.verdict));
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
    for (const copy of record.copies ?? []) add("Copy", copy.name);
    if (record.gone) add("Preview", GONE[record.gone]);
    if (record.before && !record.before.same) add("First scan", "another file under this name");
    add("Size", record.size && `${record.size.join(" × ")} px`);
    add("Frame", record.frames);
    add("SHA-256", record.sha256);
    add("BLAKE2b-128", record.digest);
    return facts;
  }
}
