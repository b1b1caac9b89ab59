/** What several kinds of rows are made of. */

import { h, icon } from "../dom.js";
import { inMine } from "../language.js";
import { literal, rendered } from "../markdown.js";
import { exposed, fullTimeOf, hue, initials, label, timeOf } from "../text.js";
import { WORDS } from "../words.js";

/** @param {string} text */
export function prose(text) {
  const box = h("div", { class: "md", dir: "auto" });
  box.append(rendered(text));
  return box;
}

/** Words that are no Markdown. @param {string} text */
export function words(text) {
  const box = h("div", { class: "md literal", dir: "auto" });
  box.append(literal(text));
  return box;
}

/** @param {string} id @param {string} name */
export const avatar = (id, name) =>
  h("span", { class: "avatar", "aria-hidden": "true", data: { hue: hue(id) } }, initials(name));

export const agentAvatar = () => {
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#mark");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "mark");
  svg.append(use);
  return h("span", { class: "avatar agent", "aria-hidden": "true" }, svg);
};

/** @param {string} at */
export const time = (at) => h("time", { datetime: at, title: fullTimeOf(at) }, timeOf(at));

/** @param {string} name @param {string} place @param {string} at @param {...any} rest */
export const heading = (name, place, at, ...rest) =>
  h(
    "header",
    { class: "by" },
    h("bdi", { class: "name" }, name),
    place && h("span", { class: "place" }, "· ", h("bdi", {}, place)),
    time(at),
    ...rest,
  );

export const badge = (text) => h("span", { class: "badge" }, text);

/** The words of an item: what it says, or that they are gone. */
export function body(item) {
  if (item.gone) return h("p", { class: "gone" }, WORDS[item.gone]);
  if (!item.text) return null;
  return item.literal ? words(item.text) : prose(inMine(item));
}

/** @param {string} name @param {number} seq */
export const replyButton = (name, seq) =>
  h(
    "div",
    { class: "acts" },
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        title: WORDS.reply,
        "aria-label": WORDS.replyTo(name),
        data: { act: "reply", of: seq },
      },
      icon("reply"),
    ),
  );

/** @param {string} text */
export const activity = (text) =>
  h(
    "p",
    { class: "activity" },
    h("span", { class: "dots" }, h("i"), h("i"), h("i")),
    label(text) || WORDS.working,
  );

/** @param {string} text */
export const source = (text) =>
  h("pre", { class: "source", tabindex: "0" }, h("code", {}, exposed(text)));

/** A call as the bridge writes it out for people: as it is. @param {string} text */
export const written = (text) =>
  h("pre", { class: "source", tabindex: "0", dir: "ltr" }, h("code", {}, text));

/** Return JSON over several lines, and anything else as it is. @param {string} text */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
