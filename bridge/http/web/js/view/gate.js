/** The page one sees without a token, or with one that is not accepted. */

import { $, setText } from "../dom.js";
import { keepToken, tokenIn } from "../token.js";
import { WORDS } from "../words.js";

/** Show the gate until a token was given. @param {string} problem @param {() => void} retry */
export function showGate(problem, retry) {
  $("#app").hidden = true;
  $("#gate").hidden = false;
  $("#gate-error").hidden = !problem;
  setText($("#gate-error"), problem);
  document.title = WORDS.bridge;
  $("#gate-token").focus();
  $("#gate-form").onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    keepToken(tokenIn($("#gate-token").value));
    $("#gate-token").value = "";
    retry();
  };
}

export function hideGate() {
  $("#gate").hidden = true;
  $("#app").hidden = false;
}
