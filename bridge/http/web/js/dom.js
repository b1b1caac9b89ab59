/** Elements, made without markup: no text of anyone's can become HTML here. */

/**
 * Make an element. `on` holds listeners, `data` the dataset; null and false leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

/** @param {HTMLElement} node @param {string} name @param {any} value */
function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on")
    for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
  else if (name === "data") Object.assign(node.dataset, value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {string} selector @param {ParentNode} [root] @returns {any} */
export const $ = (selector, root = document) => root.querySelector(selector);

/** Change a text only where it differs, so that nothing is drawn or announced again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

// Drawn on a 20 × 20 grid with a stroke of 1.6.
const PATHS = {
  send: "M4 10.2 16.5 4 12.6 16.5 9.6 11.4Z M9.6 11.4 16.5 4",
  stop: "M6 6h8v8H6Z",
  plus: "M10 4.5v11 M4.5 10h11",
  menu: "M3.5 6h13 M3.5 10h13 M3.5 14h13",
  close: "M5.5 5.5l9 9 M14.5 5.5l-9 9",
  pen: "M4.5 15.5 5.3 12 13.2 4.1l2.7 2.7L8 14.7Z M11.6 5.7l2.7 2.7",
  reply: "M8 5.5 3.8 9.7 8 14 M4 9.7h7.2a5 5 0 0 1 5 5v.6",
  copy: "M7.5 7.5h8.2v8.2H7.5Z M12.3 7.3V4.3H4.3v8h3",
  check: "M4.5 10.6 8.3 14.4 15.6 6.2",
  clock: "M10 3.6a6.4 6.4 0 1 0 0 12.8 6.4 6.4 0 0 0 0-12.8Z M10 6.6v3.6l2.4 1.5",
  tool: "M12.9 3.9a4 4 0 0 0-4.6 5.4l-4.6 4.6a1.7 1.7 0 0 0 2.4 2.4l4.6-4.6a4 4 0 0 0 5.4-4.6l-2.6 2.5-2.3-.6-.6-2.4Z",
  bell: "M5.2 13.6h9.6c-1-1.2-1.3-2-1.3-4.4 0-2.6-1.3-4.4-3.5-4.4S6.5 6.6 6.5 9.2c0 2.4-.3 3.2-1.3 4.4Z M8.6 15.8h2.8",
  eye: "M2.8 10S5.4 5.5 10 5.5 17.2 10 17.2 10 14.6 14.5 10 14.5 2.8 10 2.8 10Z M10 8.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z",
  clip: "M14.6 9.2 9.3 14.5a3.4 3.4 0 0 1-4.8-4.8l6-6a2.3 2.3 0 0 1 3.2 3.2l-5.9 5.9a1.1 1.1 0 0 1-1.6-1.6l5.2-5.2",
  file: "M5.5 3.5h6l3.5 3.5v9.5h-9.5Z M11.3 3.7v3.5h3.5",
  theme: "M10 3.8a6.2 6.2 0 1 0 6.2 6.2A4.7 4.7 0 0 1 10 3.8Z",
  place: "M3.8 5h12.4v8H9.5l-3.2 2.8V13H3.8Z",
  terminal: "M3.5 4.5h13v11h-13Z M6.5 8l2.2 2-2.2 2 M10.5 12.3h3",
  web: "M3.5 4.5h13v11h-13Z M3.5 7.7h13",
  out: "M8 5H4.8v10.2H15V12 M11 4.5h4.5V9 M15.2 4.8 9 11",
};

/** @param {string} name @returns {SVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 20 20",
    class: "icon",
    "aria-hidden": "true",
  }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.place);
  svg.append(path);
  return svg;
}

/**
 * Make the children of `target` those of `source`, leaving what is equal at its start in place:
 * a growing text keeps its nodes, and what is selected in them.
 * @param {Element} target @param {DocumentFragment} source
 */
export function patch(target, source) {
  const fresh = [...source.childNodes];
  let same = 0;
  while (same < fresh.length && target.childNodes[same]?.isEqualNode(fresh[same])) same += 1;
  while (target.childNodes.length > same) target.lastChild.remove();
  target.append(...fresh.slice(same));
}
