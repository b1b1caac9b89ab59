/** The ways in which files come into the composer: a button, a drop, a paste. */

import { icon } from "../dom.js";
import { WORDS } from "../words.js";

/**
 * @param {{room: HTMLElement, button: HTMLElement, input: HTMLInputElement, text: HTMLElement}} place
 * @param {(files: File[]) => void} add
 */
export function takeFiles({ room, button, input, text }, add) {
  byButton(button, input, add);
  byDrop(room, add);
  text.addEventListener("paste", (event) => pasted(event, add));
}

/** @param {HTMLElement} button @param {HTMLInputElement} input @param {(files: File[]) => void} add */
function byButton(button, input, add) {
  button.append(icon("clip"));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    if (files.length) add(files);
  });
}

/** Entering a part of the room is leaving another: the two are counted. */
function byDrop(room, add) {
  let inside = 0;
  const show = () => {
    room.classList.toggle("dropping", inside > 0);
    room.dataset.drop = WORDS.dropHere;
  };
  const on = (name, change) =>
    room.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      inside = change(event);
      show();
    });
  on("dragenter", () => inside + 1);
  on("dragover", () => Math.max(inside, 1));
  on("dragleave", () => Math.max(inside - 1, 0));
  on("drop", ({ dataTransfer }) => {
    add([...dataTransfer.files]);
    return 0;
  });
}

/**
 * What was copied as text, with a picture of it beside, is pasted as text.
 * @param {ClipboardEvent} event @param {(files: File[]) => void} add
 */
function pasted(event, add) {
  const { files, types } = event.clipboardData;
  if (!files.length || types.includes("text/plain")) return;
  event.preventDefault();
  add([...files]);
}
