// Texts in which generators keep how a picture was made; as `fakeface/provenance/_generators.py`.

import { line, program, prompt, statement } from "./vocabulary.js";

/** @typedef {import("./provenance.js").Statement} Statement */

const A1111 = /^Steps: \d+, [\s\S]{0,400}?\b(?:Sampler|CFG scale|Seed): /;
const VERSION = /\bVersion: ([^,\n]{1,60})/;
const MIDJOURNEY = /\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/i;
const INVOKE = ["invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata"];
const SAMPLER = /(?<!re|up|down)sample(?!d)|detailer|ultimatesdupscale/i;
const MAX_NODES = 2000;

/**
 * The value of a JSON object; null for anything else.
 * @param {string} text
 * @returns {Record<string, any> | null}
 */
function parsed(text) {
  try {
    const value = JSON.parse(text.replace(/^[\0 \r\n\t]+|[\0 \r\n\t]+$/g, ""));
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * What the texts of a PNG file state.
 * @param {[string, string][]} texts keywords and texts, in order
 * @returns {Generator<Statement>}
 */
export function* readTexts(texts) {
  const named = new Map([...texts].reverse()); // the first of each
  /** @param {string} key */
  const get = (key) => named.get(key) ?? "";
  if (get("Software").trim() === "NovelAI") {
    const text = parsed(get("Comment"))?.prompt || get("Description");
    yield statement("png", "ai", line(get("Source") ? `NovelAI (${get("Source")})` : "NovelAI", 80), prompt(text));
    named.delete("Software");
  }
  const invoke = parsed(get(INVOKE.find((key) => named.has(key)) ?? ""));
  if (invoke) {
    const version = invoke.app_version;
    yield statement("png", "ai", line(typeof version === "string" ? `InvokeAI ${version}` : "InvokeAI", 80), prompt(invoke.positive_prompt));
  }
  if (named.has("prompt")) named.delete("workflow"); // the same graph, as the editor draws it
  for (const key of ["parameters", "prompt", "workflow", "Description", "Dream", "UserComment"]) {
    const found = fromText(key, get(key), "png");
    if (found) yield found;
  }
  const software = get("Software").trim();
  if (software) yield statement("png", program(software), line(software, 80), "Software");
}

/**
 * What a text says under a key that generators use.
 * @param {string} key keyword of a PNG text, or `parameters` for comments elsewhere
 * @param {string} text
 * @param {"png" | "exif" | "xmp"} kind
 * @returns {Statement | null}
 */
export function fromText(key, text, kind) {
  if (!text) return null;
  if (key === "prompt" || key === "workflow") return comfy(text, kind);
  if (key === "Description") return MIDJOURNEY.test(text) ? statement(kind, "ai", "Midjourney", prompt(text)) : null;
  if (key === "Dream") return / -s ?\d+/.test(text) ? statement(kind, "ai", "InvokeAI", prompt(text)) : null;
  if (A1111.test(text.slice(text.lastIndexOf("\nSteps: ") + 1))) {
    const version = VERSION.exec(text);
    return statement(kind, "ai", line(version ? `Stable Diffusion ${version[1]}` : "Stable Diffusion", 80), prompt(text));
  }
  return fromJson(text, kind);
}

/**
 * Parameters in JSON: SwarmUI, Draw Things, Fooocus.
 * @param {string} text
 * @param {"png" | "exif" | "xmp"} kind
 */
function fromJson(text, kind) {
  const values = parsed(text);
  if (!values) return null;
  const swarm = values.sui_image_params;
  if (swarm && typeof swarm === "object") return statement(kind, "ai", "SwarmUI", prompt(swarm.prompt));
  if (!("seed" in values && ("steps" in values || "sampler" in values))) return null;
  return "c" in values ? statement(kind, "ai", "Draw Things", prompt(values.c)) : statement(kind, "ai", null, prompt(values.prompt));
}

/**
 * What a graph of ComfyUI made: a picture from nothing, or from another.
 * @param {string} text
 * @param {"png" | "exif" | "xmp"} kind
 */
function comfy(text, kind) {
  const graph = parsed(text);
  if (!graph) return null;
  /** @type {any[]} */
  const nodes = (Array.isArray(graph.nodes) ? graph.nodes : Object.values(graph)).slice(0, MAX_NODES);
  const found = nodes.flatMap((node) => {
    const name = node?.class_type ?? node?.type;
    return typeof name === "string" ? [{ name, text: node.inputs?.text ?? node.widgets_values?.[0] }] : [];
  });
  if (!found.length) return null;
  const names = found.map(({ name }) => name);
  const sampled = names.some((name) => SAMPLER.test(name));
  const changed = names.includes("LoadImage") && !names.some((name) => name.startsWith("Empty"));
  const words = prompt(found.find(({ name, text: value }) => name === "CLIPTextEncode" && typeof value === "string" && value)?.text);
  return statement(kind, sampled ? (changed ? "ai_edited" : "ai") : "unknown", "ComfyUI", words || "graph without a sampler");
}
