// Elements and numbers, as every part of the page makes them.

export const byId = (id) => document.getElementById(id);

export const whole = new Intl.NumberFormat("en");
export const count = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many}`;

/** A score as it may be shown: none is certain. */
export const score = (p) => (p === null ? "–" : Math.min(Math.max(p, 0.001), 0.999).toFixed(3));

/** A moment in words; as `now` in Python. */
export function dateOf(at) {
  const { day, month, year, hour, minute, timeZoneName } = Object.fromEntries(new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  }).formatToParts(at).map(({ type, value }) => [type, value]));
  return `${day} ${month} ${year}, ${hour}:${minute} ${timeZoneName}`;
}

/** An element with attributes and children; text is only ever text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const icon = (name) =>
  svg("svg", { class: `icon ${name}`, "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

/** Put nodes into a parent in this order; those that stand there already keep their place and focus. */
export function arrange(parent, nodes) {
  let next = parent.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  while (next) {
    const gone = next;
    next = next.nextElementSibling;
    gone.remove();
  }
}
