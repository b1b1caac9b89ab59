/** What is still to be answered in all sessions of whoever looks, and answering it. */

import { h } from "../dom.js";
import { logOf } from "../log.js";
import { label } from "../text.js";
import { questionRow } from "../view/question.js";
import { WORDS } from "../words.js";
import { ListDialog, inBrief, press } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.questions;

export class QuestionsDialog extends ListDialog {
  /** @type {any[]} */
  #lines = [];

  every = 5_000;

  acts = {
    go: (of) => this.#go(this.#line(of)),
    answer: (_of, button) => this.#answer(this.#around(button), button.dataset.answer),
  };

  /** @param {string} name @param {import("./list_dialog.js").Around} around */
  constructor(name, around) {
    super(name, around);
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = String(new FormData(event.target).get("answer") ?? "").trim();
      if (answer) this.#answer(this.#around(event.target), answer);
    });
  }

  read = ({ api }) => api.questions();

  /** @param {any[]} lines */
  draw(lines) {
    this.#lines = lines;
    this.list(
      "#questions-list",
      lines.map((each) => this.#drawn(each)),
    );
  }

  #line = (of) => this.#lines.find((each) => keyOf(each) === of);

  /** @param {HTMLElement} node  in the card of a question */
  #around = (node) => this.#line(node.closest("li").dataset.key);

  #go({ session, event }) {
    this.hide();
    this.around.go(session, event.seq, event.question);
  }

  #answer({ session, event }, answer) {
    const { question, run } = event;
    return this.do(
      (api) => api.say(session, { type: "answer", question, run, answer, place: "web" }),
      ({ reply }) => (reply ? this.tell(reply) : this.say(SAYS.answered)),
    );
  }

  #drawn(each) {
    const { title, event, may_answer: mayAnswer } = each;
    const key = keyOf(each);
    const where = label(title) || WORDS.untitled;
    const card = questionRow({ item: itemOf(each), extra: null }, contextOf(each, this.session));
    const field = card.querySelector("input");
    if (field) field.id = `${field.id}-${key}`;
    if (field) card.querySelector("label").htmlFor = field.id;
    if (!mayAnswer) for (const button of card.querySelectorAll("button, input")) button.disabled = true;
    return h(
      "li",
      { data: { key } },
      h("span", { class: "about-one" }, h("bdi", {}, where), mayAnswer ? null : h("small", {}, SAYS.ofOthers)),
      press("go", key, SAYS.show, inBrief(event.text) || where),
      card,
    );
  }
}

const keyOf = ({ session, event }) => `${session}/${event.seq}`;

/** The item that a question is in the log; of a program it is said whose. */
function itemOf({ event, names }) {
  const [item] = logOf([], [event]).items;
  const agent = event.by ? SAYS.program(label(names[event.by]) || WORDS.someone) : item.agent;
  return { ...item, agent };
}

/** @param {any} line @param {import("../session.js").OpenSession} open @returns {any} */
const contextOf = ({ names }, { me }) => ({
  me: me.participant,
  name: (id) => label(names[id]) || WORDS.someone,
  place: () => "",
  mine: (id) => id === me.participant,
});
