/** What the buttons in the log do; each names its act in `data-act`. */

import { label } from "./text.js";
import { WORDS } from "./words.js";

const COPIED_MS = 1_500;

/** @type {Record<string, (page: import("./page.js").Page, button: HTMLElement) => void>} */
export const ACTS = {
  reply: (page, { dataset }) => page.quote(Number(dataset.of)),
  show: (page, { dataset }) => page.screen.log.show(Number(dataset.of)),
  answer(page, { dataset }) {
    page.open.answer(dataset.question, dataset.answer);
    page.composer.focus();
  },
  press: (page, { dataset }) => page.say(dataset.say, null),
  echo: (page, { dataset }) => page.echo(dataset.say, Number(dataset.of)),
  dismiss(page, { dataset }) {
    page.open.dropNote(dataset.note);
    page.composer.focus();
  },
  save: (page, { dataset }) => save(page, dataset),
  copy: (_page, button) => copyCode(button),
};

/** @param {import("./page.js").Page} page @param {DOMStringMap} file */
async function save({ open }, { media, mime, kind, name, size }) {
  try {
    await open.shelf.save({ media, mime, kind, name, size: Number(size) });
  } catch (error) {
    open.note({ text: WORDS.fileFailed(label(name), error.message || WORDS.unreachable) });
  }
}

/** @param {HTMLElement} button */
async function copyCode(button) {
  const block = button.closest(".code").querySelector("pre");
  if (!(await copied(block))) return;
  const word = button.lastChild;
  word.textContent = WORDS.copied;
  setTimeout(() => {
    word.textContent = WORDS.copy;
  }, COPIED_MS);
}

/** Without a clipboard (plain http beyond this machine) the code is selected, ready to be copied. */
async function copied(block) {
  try {
    await navigator.clipboard.writeText(block.textContent.replace(/\n$/, ""));
    return true;
  } catch {
    getSelection().selectAllChildren(block);
    return false;
  }
}
