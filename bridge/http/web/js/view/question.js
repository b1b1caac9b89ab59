/** A question as a card: buttons or a text field while it is open, then who answered what. */

import { h, icon } from "../dom.js";
import { fullTimeOf, label } from "../text.js";
import { listed } from "../language.js";
import { WORDS } from "../words.js";
import { agentAvatar, heading, prose, written } from "./parts.js";

/** @param {any} row @param {import("./rows.js").Context} context */
export function questionRow({ item, extra: sent }, context) {
  const name = label(item.agent) || WORDS.agent;
  const state = item.closed ? "closed" : sent === null ? "open" : "sent";
  return h(
    "article",
    {
      class: "row question",
      "aria-label": WORDS.announced(WORDS.question, name),
      data: { seq: item.seq, state },
    },
    agentAvatar(),
    heading(name, "", item.at, badge(item)),
    h(
      "div",
      { class: "card" },
      prose(item.text),
      item.call ? call(item.call, !item.closed) : null,
      item.options.length ? choices(item, sent) : field(item, sent),
      foot(item, context),
    ),
  );
}

const badge = ({ form, closed }) => {
  const word = form === "approval" ? WORDS.approval : WORDS.question;
  return h("span", { class: closed ? "badge" : "badge wanted" }, closed ? WORDS.closed : word);
};

/** What exactly is approved is in sight as long as it can be. */
function call({ name, display }, open) {
  const title = h("summary", {}, `${WORDS.exactCall} `, h("code", {}, label(name)));
  return h("details", { class: "call", open }, title, written(display ?? ""));
}

/** What may be answered without having read the whole call: what lets nothing run. */
const denies = ({ id }) => ["deny", "no", "refuse"].includes(id);

/** One of the bridge's own answers can be said in other languages. @param {import("../types.js").Option} option */
export function nameOf({ id, label: name }) {
  const [known, say] = Object.hasOwn(WORDS.offered, id) ? WORDS.offered[id] : [];
  return known === name ? say() : label(name);
}

/** @param {any} item @param {string | null} sent */
function choices(item, sent) {
  const chosen = item.closed?.answer ?? sent;
  const done = item.closed !== null || sent !== null;
  const offered = item.call?.whole === false ? item.options.filter(denies) : item.options;
  const buttons = offered.map((option, at) => {
    const first = at === 0 && item.form === "approval" && offered === item.options;
    const props = {
      type: "button",
      class: first ? "choice primary" : "choice",
      disabled: done,
      "aria-pressed": done && option.id === chosen ? "true" : null,
      data: {
        act: "answer",
        question: item.question,
        answer: option.id,
        keep: `${item.question}:${option.id}`,
      },
    };
    return h(
      "button",
      props,
      done && option.id === chosen ? icon("check") : null,
      nameOf(option),
    );
  });
  return h("div", { class: "choices", role: "group", "aria-label": WORDS.yourAnswer }, ...buttons);
}

/** @param {any} item @param {string | null} sent */
function field(item, sent) {
  if (item.closed) return null;
  const id = `answer-${item.question}`;
  return h(
    "form",
    { class: "answer", data: { act: "answer", question: item.question } },
    h("label", { for: id, class: "unseen" }, WORDS.yourAnswer),
    h("input", {
      id,
      name: "answer",
      autocomplete: "off",
      required: true,
      disabled: sent !== null,
      value: sent,
      placeholder: WORDS.yourAnswer,
      data: { keep: id },
    }),
    h("button", { type: "submit", class: "primary", disabled: sent !== null }, WORDS.answer),
  );
}

/** @param {any} item @param {import("./rows.js").Context} context */
function foot(item, context) {
  if (item.closed) return h("p", { class: "closing" }, closing(item, context));
  const asked = item.to.length ? WORDS.askedOf(listed(item.to.map(context.name))) : "";
  const until = item.expires ? WORDS.expires(fullTimeOf(item.expires)) : "";
  const text = [asked, until].filter(Boolean).join(" · ");
  return text ? h("p", { class: "closing" }, text) : null;
}

/** @param {any} item @param {import("./rows.js").Context} context */
function closing({ closed, options }, context) {
  if (closed.outcome !== "answered") return WORDS[closed.outcome] ?? "";
  const answer = nameOf(options.find(({ id }) => id === closed.answer) ?? { id: "", label: closed.answer });
  if (!closed.by) return WORDS.answered(answer);
  const place = closed.where ? context.place(closed.where) : "";
  if (context.mine(closed.by)) return WORDS.youAnswered(answer, place);
  return WORDS.answeredBy(answer, context.name(closed.by), place);
}
