// What a reader can do next with a verdict.

import { el } from "./dom.js";

const FIRST = "Find its first publication: reverse image search.";
const ORIGINAL = "Ask the sender for the original file.";
const SECOND = "Get a second opinion before you act.";
const COPY = "Try a larger or less compressed copy: it may score otherwise.";

function stepsOf(record, { min_face: least }) {
  if (record.error !== null) return ["Open it in another program, and save it as JPEG or PNG.", ORIGINAL];
  if (record.verdict === "no_face") {
    return ["If there is a face: find a larger and sharper copy, or cut the picture closer around it.", FIRST, ORIGINAL];
  }
  if (record.verdict === "too_small") {
    const side = Math.round(Math.max(...record.faces.map(({ box: [, , width, height] }) => Math.min(width, height))));
    return [`Find a larger copy: the face has ${side} px here${least ? `, and ${least} are needed` : ""}.`, FIRST, ORIGINAL];
  }
  return [FIRST, ORIGINAL, SECOND, COPY];
}

/** The steps as a list. */
export const nextSteps = (record, report) => el("ul", { class: "next" }, ...stepsOf(record, report).map((text) => el("li", {}, text)));
