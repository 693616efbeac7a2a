// What happened, in a headline and a sentence.

import { CHANGES } from "./changes.js";
import { count, el, icon, whole } from "./dom.js";
import { VERDICTS } from "./records.js";

const reading = (text) => el("a", { href: "#reading" }, text);

const number = (records, ...verdicts) => records.filter(({ verdict }) => verdicts.includes(verdict)).length;

const ANSWERS = {
  fake: ["Flagged: looks AI-made", "The model sees signs of AI. That is a reason to look closer, not a proof"],
  uncertain: ["Unsure: a photograph or AI", "The score is between the thresholds, where an answer would be a guess"],
  real: ["Not flagged: no sign of AI", "That is no proof of a photograph: new generators can pass"],
  too_small: ["Too small to judge", "There is a face, with too few pixels. That says nothing for or against AI"],
  no_face: ["No face: nothing was judged", "Only faces are judged, and none was found. That says nothing for or against AI"],
  error: ["Not readable: nothing was judged", "A file that fails to open is no sign for or against AI"],
};

/** The headline of one picture, with its shape, and the sentence below it. */
export function answerOf({ verdict }) {
  const [text, meaning] = ANSWERS[verdict ?? "error"];
  return { headline: [icon(verdict ? VERDICTS[verdict].icon : "error"), text], lede: [`${meaning}. `, reading("How to read it"), "."] };
}

/** The headline of a scan: of pictures that could be read, and how many files could not. */
export function headline(pictures, errors, compared) {
  const total = pictures.length;
  if (compared && total) {
    const both = pictures.filter(({ before }) => before && before.verdict !== null);
    const other = both.filter(CHANGES.verdict.test).length;
    const of = count(both.length, "verdict", "verdicts");
    return other ? `${whole.format(other)} of ${of} changed` : `None of ${of} changed`;
  }
  if (!total) return errors ? "No file could be read" : "No pictures were found";
  const of = count(total, "picture", "pictures");
  const [fake, unsure, small] = ["fake", "uncertain", "too_small"].map((verdict) => number(pictures, verdict));
  if (fake) return `${whole.format(fake)} of ${of} ${fake === 1 ? "was" : "were"} flagged as AI`;
  if (unsure) return `None of ${of} was flagged as AI; unsure about ${whole.format(unsure)}`;
  if (number(pictures, "real")) return `None of ${of} was flagged as AI`;
  if (!small) return `No face in ${of}: nothing was judged`;
  return small === total ? `Too small to judge: the faces in ${of}` : `No face in ${of} could be judged`;
}

/** The sentences below a headline. */
export function lede(report, { folder, pictures, copies }) {
  const declared = pictures.filter(({ said }) => said?.declared === "ai").length;
  const unsure = number(pictures, "uncertain");
  const unjudged = number(pictures, "too_small", "no_face");
  const parts = [];
  if (report.note) parts.push(`${report.note} `);
  if (folder) parts.push("In ", el("b", {}, el("bdi", {}, folder)), ". ");
  if (unsure && number(pictures, "fake")) parts.push(`Unsure about ${count(unsure, "picture", "pictures")}. `);
  if (unjudged) parts.push(`No face that could be judged in ${count(unjudged, "picture", "pictures")}. `);
  if (copies) parts.push(`${count(copies, "file is a copy and is", "files are copies and are")} not counted again. `);
  if (declared) parts.push(`${count(declared, "file declares", "files declare")} that AI made or changed the picture. `);
  parts.push(`Scored by the model ${report.model}. A verdict is a reason to look closer, not a proof: `, reading("how to read it"), ".");
  return parts;
}
