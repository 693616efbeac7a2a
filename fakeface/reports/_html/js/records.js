// What the report holds, read once, in the order in which it was written.

const VERDICTS = {
  fake: { label: "fake", icon: "fake", meaning: "At or above the upper threshold: the model sees signs of AI." },
  uncertain: { label: "uncertain", icon: "uncertain", meaning: "Between the thresholds: no answer is better than a guess." },
  real: { label: "real", icon: "real", meaning: "Below the lower threshold: no sign of AI was found." },
  too_small: { label: "too small", icon: "none", meaning: "There is a face, with too few pixels to judge." },
  no_face: { label: "no face", icon: "none", meaning: "No face was found, so nothing was judged." },
};
const RANK = Object.fromEntries(Object.keys(VERDICTS).map((verdict, rank) => [verdict, rank]));

const byId = (id) => document.getElementById(id);

/** The JSON in a block of the page; null where the file was cut off before or inside it. */
function readBlock(id) {
  try {
    return JSON.parse(byId(id).textContent);
  } catch {
    return null;
  }
}

/** All records; a line that was cut off is left out. */
function readRecords() {
  const block = byId("records");
  const records = [];
  for (const line of (block?.textContent ?? "").split("\n")) {
    if (!line) continue;
    try {
      records.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  block?.remove(); // it may be tens of megabytes
  return records;
}

/** Split names into folder and file below the folder that they share; give that folder. */
function nameRecords(records) {
  const parts = records.map((record) => record.name.split("/"));
  let shared = parts.length ? parts[0].length - 1 : 0;
  for (const names of parts) {
    let same = 0;
    while (same < shared && same < names.length - 1 && names[same] === parts[0][same]) same += 1;
    shared = same;
  }
  records.forEach((record, order) => {
    record.order = order;
    record.file = parts[order].at(-1);
    record.below = parts[order].slice(shared, -1).join("/");
    record.short = record.below ? `${record.below}/${record.file}` : record.file;
    record.key = record.name.toLowerCase();
  });
  return parts.length ? parts[0].slice(0, shared).join("/") : "";
}

const whole = new Intl.NumberFormat("en");
const count = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many}`;

/** A score as it may be shown: none is certain. */
const score = (p) => (p === null ? "–" : Math.min(Math.max(p, 0.001), 0.999).toFixed(3));

/** An element with attributes and children; text is only ever text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const icon = (name) =>
  svg("svg", { class: `icon ${name}`, "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

/** A verdict in words, with its shape and colour. */
function badge(verdict) {
  const { label, icon: shape } = VERDICTS[verdict];
  return el("span", { class: `badge ${verdict}` }, icon(shape), label);
}

/** What files may say of their own origin, as the page filters and sorts by it. */
const ORIGINS = {
  ai: { label: "Declared AI", test: (said) => said?.declared === "ai" },
  broken: { label: "Broken signature", test: (said) => said?.statements.some(({ trust }) => trust === "broken") },
  camera: { label: "Declared camera", test: (said) => said?.declared === "camera" },
  some: { label: "Anything", test: (said) => said?.label },
  none: { label: "Nothing", test: (said) => !said?.label },
};

const TRUSTS = {
  trusted: "Signed by somebody on the trust list, and not changed since.",
  unknown_signer: "Signed, and not changed since, by somebody who is not on the trust list: the name is only claimed.",
  broken: "Changed after it was signed, or signed invalidly: it proves nothing.",
  unverified: "Not checked.",
  unsigned: "Not signed: anybody can write, change or remove this.",
};

/** The kind of what a file says that matters most; the first of `ORIGINS` that fits. */
const origin = (said) => Object.keys(ORIGINS).find((key) => ORIGINS[key].test(said));
const ORIGIN_RANK = Object.fromEntries(Object.keys(ORIGINS).map((key, rank) => [key, rank]));

/** What a file says of its origin, in a few words; empty where it says nothing. */
function originBadge(said) {
  return said?.label ? el("span", { class: `origin ${origin(said)}`, title: said.says }, said.label) : "";
}

/** A score as a bar with the thresholds on it. */
function scoreBar(p, verdict, thresholds) {
  const bar = svg("svg", { class: p === null ? "bar void" : "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
  bar.append(svg("rect", { class: "track", width: 100, height: 4 }));
  if (p !== null) bar.append(svg("rect", { class: `fill ${verdict}`, width: Math.max(p * 100, 0.8), height: 4 }));
  for (const at of new Set(Object.values(thresholds ?? {}))) {
    bar.append(svg("rect", { class: "tick", x: at * 100 - 0.4, width: 0.8, height: 4 }));
  }
  return bar;
}
