// The distribution of scores, drawn as inline SVG.

import { count, el, svg, whole } from "./dom.js";

const BINS = 25;

export function histogram(records, thresholds) {
  const bins = Array.from({ length: BINS }, () => ({ fake: 0, uncertain: 0, real: 0, all: 0 }));
  for (const { p, verdict } of records) {
    if (p === null) continue;
    const bin = bins[Math.min(Math.floor(p * BINS), BINS - 1)];
    bin[verdict] += 1;
    bin.all += 1;
  }
  const top = Math.max(...bins.map((bin) => bin.all), 1);
  const narrow = matchMedia("(max-width: 46rem)").matches; // as in page.css: lower and wider would be too small to read
  const [width, height, base] = [narrow ? 440 : 1000, 200, 172];
  const step = width / BINS;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "chart-title" });
  chart.append(svg("title", { id: "chart-title" }, "Number of pictures by score; the table that follows has the numbers"));
  bins.forEach((bin, at) => {
    let y = base;
    const column = svg("g");
    for (const verdict of ["fake", "uncertain", "real"]) {
      if (!bin[verdict]) continue;
      const tall = Math.max((bin[verdict] / top) * (base - 22), 2);
      y -= tall;
      column.append(svg("rect", { class: `fill ${verdict}`, x: at * step + 2, y, width: step - 4, height: tall }));
    }
    const range = `${(at / BINS).toFixed(2)} to ${((at + 1) / BINS).toFixed(2)}`;
    column.append(svg("title", {}, `${range}: ${count(bin.all, "picture", "pictures")}`));
    chart.append(column);
  });
  chart.append(svg("line", { class: "axis", x1: 0, x2: width, y1: base, y2: base }));
  for (const at of [0, 0.25, 0.5, 0.75, 1]) {
    const anchor = at === 0 ? "start" : at === 1 ? "end" : "middle";
    chart.append(svg("text", { class: "label", x: at * width, y: base + 20, "text-anchor": anchor }, String(at)));
  }
  for (const [name, at] of Object.entries(thresholds ?? {})) {
    if (name === "real" && at === thresholds.fake) continue;
    const x = at * width;
    chart.append(svg("line", { class: "threshold", x1: x, x2: x, y1: 6, y2: base }));
    const text = name === "real" ? `real below ${at.toFixed(2)}` : `fake from ${at.toFixed(2)}`;
    const before = name === "real" ? x > 140 : x > width - 140;
    chart.append(svg("text", { class: "label strong", x: before ? x - 6 : x + 6, y: 16, "text-anchor": before ? "end" : "start" }, text));
  }
  return { chart, bins };
}

/** The same numbers for those who cannot see the drawing. */
export function histogramTable(table, bins) {
  const head = el("tr", {}, ...["p (fake) from", "Pictures"].map((text) => el("th", { scope: "col" }, text)));
  const body = el("tbody");
  bins.forEach((bin, at) => {
    if (bin.all) body.append(el("tr", {}, el("th", { scope: "row" }, (at / BINS).toFixed(2)), el("td", {}, whole.format(bin.all))));
  });
  table.replaceChildren(el("caption", {}, "Number of pictures by score"), el("thead", {}, head), body);
}
