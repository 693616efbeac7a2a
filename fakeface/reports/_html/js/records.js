// The words for results, and the names of pictures. A record is one picture, as `_record.py` makes it; it may stand in the
// file or arrive over HTTP.

import { el, icon, svg } from "./dom.js";

export const VERDICTS = {
  fake: { label: "fake", icon: "fake", meaning: "The score is at or above the upper threshold: the model sees signs of AI." },
  uncertain: { label: "uncertain", icon: "uncertain", meaning: "The score is between the thresholds, where an answer would be a guess." },
  real: { label: "real", icon: "real", meaning: "The score is below the lower threshold: no sign of AI was found." },
  too_small: { label: "too small", icon: "none", meaning: "There is a face, with too few pixels to judge." },
  no_face: { label: "no face", icon: "none", meaning: "Only faces are judged, and none was found." },
};
export const RANK = Object.fromEntries(Object.keys(VERDICTS).map((verdict, rank) => [verdict, rank]));

/** Define properties that a record does not keep when it is written to a file. */
export function annotate(record, properties) {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(record, name, { value, writable: true, configurable: true, enumerable: false });
  }
  return record;
}

/** Split the names of pictures into folder and file below the folder that they share; return that folder. */
export function nameRecords(records) {
  const parts = records.map((record) => record.name.split("/"));
  let shared = parts.length ? parts[0].length - 1 : 0;
  for (const names of parts) {
    let same = 0;
    while (same < shared && same < names.length - 1 && names[same] === parts[0][same]) same += 1;
    shared = same;
  }
  records.forEach((record, order) => {
    const file = parts[order].at(-1);
    const below = parts[order].slice(shared, -1).join("/");
    const short = below ? `${below}/${file}` : file;
    annotate(record, { order, file, below, short, key: record.name.toLowerCase() });
  });
  return parts.length ? parts[0].slice(0, shared).join("/") : "";
}

/** A verdict in words, with its shape and colour. */
export function badge(verdict) {
  const { label, icon: shape } = VERDICTS[verdict];
  return el("span", { class: `badge ${verdict}` }, icon(shape), label);
}

/** What files may say of their own origin, as the page filters and sorts by it. */
export const ORIGINS = {
  ai: { label: "Declared AI", test: (said) => said?.declared === "ai" },
  broken: { label: "Broken signature", test: (said) => said?.statements.some(({ trust }) => trust === "broken") },
  camera: { label: "Declared camera", test: (said) => said?.declared === "camera" },
  some: { label: "Anything", test: (said) => said?.label },
  none: { label: "Nothing", test: (said) => !said?.label },
};

export const TRUSTS = {
  trusted: "Signed by somebody on the trust list, and not changed since.",
  unknown_signer: "Signed, and not changed since, by somebody who is not on the trust list: the name is only claimed.",
  broken: "Changed after it was signed, or signed invalidly: it proves nothing.",
  unverified: "Not checked.",
  unsigned: "Not signed: anybody can write, change or remove this.",
};

/** The kind of what a file says that matters most; the first of `ORIGINS` that fits. */
export const origin = (said) => Object.keys(ORIGINS).find((key) => ORIGINS[key].test(said));
export const ORIGIN_RANK = Object.fromEntries(Object.keys(ORIGINS).map((key, rank) => [key, rank]));

/** What a file says of its origin, in a few words; empty where it says nothing. */
export function originBadge(said) {
  return said?.label ? el("span", { class: `origin ${origin(said)}`, title: said.says }, said.label) : "";
}

/** What a file says of its origin, in a line that begins with a badge. */
export function saysLine(said) {
  const text = said.label ? said.says : "Nothing, which is no sign in either direction.";
  return el("p", { class: "says-line" }, el("b", {}, "The file says "), originBadge(said), " ", el("bdi", {}, text));
}

/** A score as a bar with the thresholds on it. */
export function scoreBar(p, verdict, thresholds) {
  const bar = svg("svg", { class: p === null ? "bar void" : "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
  bar.append(svg("rect", { class: "track", width: 100, height: 4 }));
  if (p !== null) bar.append(svg("rect", { class: `fill ${verdict}`, width: Math.max(p * 100, 0.8), height: 4 }));
  for (const at of new Set(Object.values(thresholds ?? {}))) {
    bar.append(svg("rect", { class: "tick", x: at * 100 - 0.4, width: 0.8, height: 4 }));
  }
  return bar;
}
