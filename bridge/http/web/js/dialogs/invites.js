/** Invitations: the form that makes one, what is shown of it once, and the open ones. */

import { h } from "../dom.js";
import { fullTimeOf, label } from "../text.js";
import { WORDS } from "../words.js";
import { copied } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.people;

export class InviteForm {
  /** @param {any} form @param {(wanted: Record<string, any>) => Promise<void>} invite */
  constructor(form, invite) {
    this.form = form;
    this.shown = form.querySelector(".made");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      invite(this.#wanted());
    });
  }

  /** Offer what may be made; nothing: no form. @param {Record<string, boolean>} may */
  permit({ invite_to_apps: toApps, invite_to_browser: toBrowser }) {
    this.form.hidden = !toApps && !toBrowser;
    const { how } = this.#fields();
    for (const [value, can] of Object.entries({ browser: toBrowser, app: toApps })) {
      const option = how.querySelector(`[value=${value}]`);
      option.disabled = option.hidden = !can;
    }
    if (how.selectedOptions[0]?.disabled) how.value = toBrowser ? "browser" : "app";
  }

  /** Show what was made, once. @param {any} made @param {boolean} browser */
  made(made, browser) {
    this.shown.replaceChildren(...shownOnce(made, browser));
    this.shown.querySelector("input").focus();
  }

  clear() {
    this.shown.replaceChildren();
  }

  #fields = () => /** @type {any} */ (this.form.elements);

  #wanted() {
    const { how, role, uses, life, history } = this.#fields();
    return {
      browser: how.value === "browser",
      role: role.value,
      uses: Math.max(1, Math.min(50, Number(uses.value) || 1)),
      life: life.value,
      history: history.checked,
    };
  }
}

/** @param {any} made */
export const linkApp = (made) => shownOnce(made, false);

/**
 * A link into the browser, or a code with the links that send it: to be copied, and as a picture
 * for the camera of a phone.
 */
function shownOnce({ code, links, qr, until }, browser) {
  const give = browser ? SAYS.giveLink : SAYS.giveCode;
  const pictures = links.map((link, at) => picture(link, qr[at], browser));
  return [
    h("p", {}, give(fullTimeOf(until))),
    copied(browser ? links[0] : code),
    ...(pictures.length ? [h("div", { class: "pictures" }, ...pictures)] : []),
    h("p", { class: "hint" }, SAYS.shownOnce),
  ];
}

/** @param {string} link @param {string} src @param {boolean} browser  it is for another browser */
function picture(link, src, browser) {
  const host = hostOf(link);
  const image = h("img", { src, alt: SAYS.picture(host), width: 164, height: 164 });
  const away = { href: link, target: "_blank", rel: "noopener noreferrer" };
  const caption = browser ? null : h("figcaption", {}, h("a", away, host));
  return h("figure", {}, image, caption);
}

function hostOf(link) {
  try {
    return new URL(link).host;
  } catch {
    return link;
  }
}

/** @param {any} invitation @param {string} by */
export function invitationLine({ number, role, uses, left, until, history, browser }, by) {
  const what = [
    browser ? SAYS.aLink : SAYS.aCode,
    WORDS.roles[role],
    ...(history ? [SAYS.withHistory] : []),
  ].join(", ");
  const rest = SAYS.invited(label(by), uses - left, uses, fullTimeOf(until));
  const props = { "aria-label": SAYS.revokeNamed(number), data: { act: "revoke", of: number } };
  return h(
    "li",
    {},
    h(
      "span",
      { class: "about-one" },
      h("span", {}, h("code", {}, number), ` ${what}`),
      h("small", {}, rest),
    ),
    h("button", { type: "button", class: "small", ...props }, SAYS.revoke),
  );
}
