// Words that name origins: those of the library, which stand in detector.json.

/** @typedef {import("./provenance.js").Claim} Claim */
/** @typedef {import("./provenance.js").Statement} Statement */

/**
 * The words as `fakeface.provenance.vocabulary()` gives them.
 * @typedef {{ source_types: Record<string, Claim>, ai: string, ai_edit: string, editor: string }} Words
 */

/** @type {Record<string, Claim>} */
let sourceTypes = {};
/** @type {[RegExp, Claim][]} */
let programs = [];

/**
 * Take the words of the library that the site was built with.
 * @param {Words} words
 */
export function useWords({ source_types: types, ai, ai_edit: edit, editor }) {
  sourceTypes = types;
  programs = [[new RegExp(edit, "i"), "ai_edited"], [new RegExp(ai, "i"), "ai"], [new RegExp(editor, "i"), "edited"]];
}

/**
 * What a digital source type of IPTC claims, and its term; null where it is none.
 * @param {string} value address of a term, or the term
 * @returns {{ claim: Claim, term: string } | null}
 */
export function sourceType(value) {
  const term = value.trim().replace(/[/#]+$/, "").split(/[/#:]/).at(-1) ?? "";
  if (!/^[A-Za-z]{3,64}$/.test(term) || term === "empty") return null;
  const known = term.toLowerCase();
  return { claim: Object.hasOwn(sourceTypes, known) ? sourceTypes[known] : "unknown", term };
}

/**
 * What it means that a field for programs (or the credit) holds a name.
 * @param {string} name
 * @returns {Claim}
 */
export function program(name) {
  return programs.find(([pattern]) => pattern.test(name))?.[1] ?? "unknown";
}

/**
 * A text as one printable line.
 * @param {string} text
 * @param {number} [most] characters
 */
export function line(text, most = 200) {
  const words = text.slice(0, 4 * most).split(/\s+/).filter(Boolean).join(" ");
  const printable = words.replace(/[\p{C}\u2028\u2029]/gu, "\ufffd");
  return printable.length <= most ? printable : `${printable.slice(0, most - 1)}…`;
}

/**
 * A statement of the picture.
 * @param {Statement["kind"]} kind
 * @param {Claim} claim
 * @param {string | null} tool
 * @param {string} detail
 * @returns {Statement}
 */
export const statement = (kind, claim, tool, detail) => ({
  kind, claim, trust: kind === "c2pa" ? "unverified" : "unsigned", tool: tool || null, signer: null, detail, about: "picture",
});

/**
 * The beginning of a prompt as a detail; empty for none.
 * @param {unknown} text
 */
export const prompt = (text) => (typeof text === "string" && text.trim() ? `prompt: ${line(text)}` : "");
