// A score on a scale from 0 to 1, with both thresholds and what lies between them.

import { el, score } from "./dom.js";

/** The scale of one score. */
export function scoreScale(p, verdict, thresholds) {
  const { real, fake } = thresholds;
  const zones = [
    ["real", 0, real, "no sign of AI"], ["uncertain", real, fake, "unsure"], ["fake", fake, 1, "signs of AI"],
  ].filter(([, from, to]) => to > from);
  const words = zones.map(([, from, to, text]) => `${text} from ${from.toFixed(2)} to ${to.toFixed(2)}`).join(", ");
  const node = el("div", { class: "scored", role: "img", "aria-label": `Score ${score(p)} on a scale from 0 to 1: ${words}` });
  const at = (share, name, ...children) => {
    const mark = el("span", { class: name }, ...children);
    mark.style.left = `${Math.min(Math.max(share, 0), 1) * 100}%`;
    return mark;
  };
  const track = el("div", { class: "track" });
  for (const [name, from, to] of zones) {
    const zone = at(from, `zone ${name}`);
    zone.style.width = `${(to - from) * 100}%`;
    track.append(zone);
  }
  track.append(at(p, "point"));
  const ends = el("div", { class: "marks" }, ...zones.slice(1).map(([, from]) => at(from, "mark", from.toFixed(2))));
  const legend = el("div", { class: "zones" }, ...zones.map(([name, , , text]) => el("span", { class: `zone-name ${name}` }, text)));
  const value = el("p", { class: "value" }, "Score ", el("b", { class: verdict }, score(p)), el("span", { class: "hint" }, " of 1"));
  node.append(value, track, ends, legend);
  return node;
}
