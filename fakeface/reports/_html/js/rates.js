// How many flags are false, for this scan and for numbers of the reader's own.

import { byId, count, el, whole } from "./dom.js";

const about = (n) => (n > 0 && n < 1 ? "fewer than 1" : `about ${whole.format(Math.round(n))}`);
const percent = (share) => `${Number((share * 100).toPrecision(2))}\u00a0%`;

/** Where the model's own figures come from, and what that means. */
const MEASURED = {
  unseen: "The last two numbers are the model’s own, measured on generators and photographs of origins that it was not trained on.",
  test: "The last two numbers are the model’s own, measured on generators that it was trained on: of new ones it flags fewer.",
};

export class BaseRates {
  constructor(report) {
    this.report = report;
    const { rates, fpr } = report;
    const field = (share) => String(Number((share * 100).toPrecision(2)));
    if (rates) byId("tpr").value = field(rates.tpr);
    if (rates || fpr !== null) byId("fpr").value = field(rates ? rates.fpr : fpr);
    const known = fpr !== null ? "The last number is what the threshold was set for; the first two are assumptions." : "All three are assumptions.";
    byId("bayes-note").textContent = `${rates ? `${MEASURED[rates.on]} The first is an assumption.` : known} Your pictures will differ.`;
    byId("bayes").addEventListener("input", () => this.answer());
    byId("bayes").addEventListener("submit", (event) => event.preventDefault());
    this.answer();
  }

  /** Compare the flags of this scan with what a scan of photographs would give. */
  update(scored) {
    const { rates, fpr } = this.report;
    const share = rates?.fpr ?? fpr;
    const rated = scored.filter((record) => record.p !== null);
    const flagged = rated.filter((record) => record.verdict === "fake").length;
    const known = share === null ? "" :
      `At this setting the detector flags about ${percent(share)} of photographs. If all of the ` +
      `${count(rated.length, "picture", "pictures")} scored here were photographs, ` +
      `${about(share * rated.length)} would still be flagged; ${whole.format(flagged)} ${flagged === 1 ? "was" : "were"}. `;
    byId("false-flags").textContent = `${known}How much a flag is worth depends on how common AI is among such pictures.`;
  }

  answer() {
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
  }
}
