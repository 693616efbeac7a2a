// Runs functions of the site's modules for Python: reads { module, calls: [[name, ...arguments]] } and writes their results.
// A name may have another module before it, as in "vocabulary:useWords".

import { pathToFileURL } from "node:url";

let text = "";
for await (const part of process.stdin) text += part;
const { module, calls } = JSON.parse(text);

/** Rasters travel as { width, height, rgb: base64 }, bytes as { bytes: base64 }. */
function take(value) {
  if (value?.bytes !== undefined) return new Uint8Array(Buffer.from(value.bytes, "base64"));
  if (!value?.rgb) return value;
  const rgb = Buffer.from(value.rgb, "base64");
  const data = new Uint8ClampedArray(value.width * value.height * 4).fill(255);
  for (let at = 0; at < data.length / 4; at += 1) data.set(rgb.subarray(at * 3, at * 3 + 3), at * 4);
  return { width: value.width, height: value.height, data };
}

function give(value) {
  if (value?.data instanceof Uint8ClampedArray) {
    const rgb = Buffer.alloc(value.width * value.height * 3);
    for (let at = 0; at < rgb.length / 3; at += 1) rgb.set(value.data.subarray(at * 4, at * 4 + 3), at * 3);
    return { width: value.width, height: value.height, rgb: rgb.toString("base64") };
  }
  if (ArrayBuffer.isView(value)) return [...value];
  if (value && typeof value === "object" && !Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, give(each)]));
  return value;
}

/** The function of a name. */
async function named(name) {
  const [other, inner] = name.includes(":") ? name.split(":") : [null, name];
  const path = other ? module.replace(/[^/\\]+$/, `${other}.js`) : module;
  return (await import(pathToFileURL(path)))[inner];
}

const results = [];
for (const [name, ...rest] of calls) results.push(give(await (await named(name))(...rest.map(take))));
process.stdout.write(JSON.stringify(results));
