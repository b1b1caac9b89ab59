/** Who is here: what people call them, asked for once, and the language of the bridge's texts. */

import { $, h, icon } from "../dom.js";
import { LANGUAGES } from "../language.js";
import { shared } from "../storage.js";
import { WORDS } from "../words.js";

/** What an owner is called who has not said what they are called. */
const UNNAMED = "Owner";
const ASKED = "bridgehead.asked-name";

export class MeForm {
  /** @param {(me: {name?: string, language?: string}) => Promise<void>} change  throws an error with words for people */
  constructor(change) {
    this.present = { name: "", language: "" };
    this.change = change;
    this.form = $("#me-form");
    this.opener = $("#me-open");
    this.name = $("#me-name");
    this.language = $("#me-language");
    this.why = $("#me-why");
    for (const [code, name] of Object.entries(LANGUAGES))
      this.language.append(h("option", { value: code, lang: code, translate: "no" }, name));
    this.opener.append(icon("pen"));
    this.opener.addEventListener("click", () => this.#show(this.form.hidden));
    $("#me-cancel").addEventListener("click", () => this.#show(false));
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#show(false);
    });
    this.form.addEventListener("submit", (event) => this.#submit(event));
  }

  /** Offer what holds when it is to be changed. @param {string} name @param {string} language */
  known(name, language) {
    this.present = { name: name === UNNAMED ? "" : name, language };
  }

  /** Ask whoever has no name of their own yet, once. @param {string} name */
  greet(name) {
    if (name !== UNNAMED || shared.get(ASKED)) return;
    shared.set(ASKED, "yes");
    this.#open(true);
  }

  /** @param {boolean} shown */
  #show(shown) {
    this.#open(shown);
    (shown ? this.name : this.opener).focus();
    if (shown) this.name.select();
  }

  /** @param {boolean} shown */
  #open(shown) {
    this.form.hidden = !shown;
    this.name.value = shown ? this.present.name : "";
    this.language.value = this.present.language;
    this.why.hidden = true;
    this.opener.setAttribute("aria-expanded", String(shown));
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const change = this.#wanted();
    try {
      if (Object.keys(change).length) await this.change(change);
    } catch (error) {
      this.why.textContent = error.message || WORDS.unreachable;
      this.why.hidden = false;
      return;
    }
    this.#show(false);
  }

  /** Return what is to be another than before; a name that was emptied stays. */
  #wanted() {
    const name = this.name.value.trim();
    const language = this.language.value;
    return {
      ...(name && name !== this.present.name ? { name } : {}),
      ...(language === this.present.language ? {} : { language }),
    };
  }
}
