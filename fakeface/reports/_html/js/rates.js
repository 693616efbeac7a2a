// How much a verdict is worth: how often pictures are flagged, and how often that is right if one in N is AI-made.

import { byId, el, whole } from "./dom.js";

const about = (n) => (n > 0 && n < 1 ? "fewer than 1" : `about ${whole.format(Math.round(n))}`);
const percent = (share) => `${Number((share * 100).toPrecision(2))}\u00a0%`;

/** Where the model's own figures come from: what was photographed, and what generated. */
const MEASURED = {
  unseen: ["photographs of origins that the model does not know", "AI pictures by generators that the model does not know"],
  test: ["photographs that the model was not trained on", "AI pictures by generators that the model was trained on"],
};

export class BaseRates {
  constructor(report) {
    this.report = report;
    this.listeners = [];
    const { rates, fpr } = report;
    const field = (share) => String(Number((share * 100).toPrecision(2)));
    if (rates) byId("tpr").value = field(rates.tpr);
    if (rates || fpr !== null) byId("fpr").value = field(rates ? rates.fpr : fpr);
    const known = fpr !== null ? "The last number is what the threshold was set for; the first two are assumptions." : "All three are assumptions.";
    const measured = rates && `The last two numbers were measured on ${MEASURED[rates.on].join(" and ")}. The first is an assumption.`;
    byId("bayes-note").textContent = `${measured ?? known} Your pictures will differ.`;
    byId("bayes").addEventListener("input", () => this.answer());
    byId("bayes").addEventListener("submit", (event) => event.preventDefault());
    this.answer();
  }

  /** One picture in so many is AI-made, as the reader says. */
  get n() {
    return Math.max(byId("one-in").valueAsNumber, 1);
  }

  set n(value) {
    byId("one-in").value = value;
    this.answer();
  }

  /** Compare the flags of this scan with what a scan of photographs would give. */
  update(pictures) {
    const { rates, fpr } = this.report;
    const share = rates?.fpr ?? fpr;
    const rated = pictures.filter((record) => record.p !== null);
    const flagged = rated.filter((record) => record.verdict === "fake").length;
    const here = rated.length < 2 ? "" :
      `If all of the ${whole.format(rated.length)} pictures scored here were photographs, ` +
      `${about(share * rated.length)} would still be flagged; ${whole.format(flagged)} ${flagged === 1 ? "was" : "were"}. `;
    const known = share === null ? "" : `About ${percent(share)} of photographs are flagged. ${here}`;
    byId("false-flags").textContent = `${known}How often a flag is right depends on how common AI is among such pictures.`;
  }

  answer() {
    const [tpr, fpr] = ["tpr", "fpr"].map((id) => Math.min(Math.max(byId(id).valueAsNumber / 100, 0), 1));
    if ([this.n, tpr, fpr].some(Number.isNaN)) {
      byId("answer").textContent = "Each field needs a number.";
      return;
    }
    const ai = 1000 / this.n;
    const [hits, alarms] = [ai * tpr, (1000 - ai) * fpr];
    const right = hits + alarms ? `${percent(hits / (hits + alarms))} of the flags are right` : "nothing is flagged";
    byId("answer").replaceChildren(
      `Of 1,000 such pictures ${about(ai)} are AI-made, ${about(hits)} of them flagged; ` +
      `${whole.format(Math.round(1000 - ai))} are photographs, ${about(alarms)} of them flagged: `, el("b", {}, right), ".");
    for (const listener of this.listeners) listener();
  }

  /** What a verdict is worth, with the N of the reader; empty where the model's figures say nothing of it. */
  worth(verdict) {
    const { rates } = this.report;
    if (!rates || !["fake", "real"].includes(verdict)) return el("p", { hidden: true });
    const { tpr, fpr, on } = rates;
    const [photographs, generated] = MEASURED[on];
    const input = el("input", { type: "number", min: "1", step: "1", "aria-label": "One picture in how many is AI-made", value: this.n });
    input.addEventListener("input", () => input.validity.valid && input.value && (this.n = input.valueAsNumber));
    const share = el("b");
    const update = () => {
      if (document.activeElement !== input) input.value = this.n;
      const [ai, real] = verdict === "fake" ? [tpr, fpr] : [1 - tpr, 1 - fpr];
      share.textContent = percent(ai / (ai + (this.n - 1) * real));
    };
    this.listeners = [update];
    update();
    const [said, end] = verdict === "fake"
      ? [`Of 100 ${photographs}, ${about(100 * fpr)} are flagged.`, " of the flags are right."]
      : [`Of 100 ${generated}, ${about(100 * (1 - tpr))} are not flagged.`, " of those not flagged are AI-made all the same."];
    return el("p", { class: "worth" }, `${said} If one picture in `, input, " is AI-made, ", share, end);
  }
}
