/** The page one sees without a token, or with one that is not accepted. */

import { $, setText } from "../dom.js";
import { keepToken, tokenIn } from "../token.js";
import { WORDS } from "../words.js";

/** Show the gate until a token was given. @param {string} problem @param {() => void} retry */
export function showGate(problem, retry) {
  show("#gate-form");
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

/** @param {string} form */
function show(form) {
  $("#app").hidden = true;
  $("#gate").hidden = false;
  for (const each of ["#gate-form", "#invite-form"]) $(each).hidden = each !== form;
}

/**
 * Ask whoever was invited what they are called.
 * @param {string} problem @param {(name: string) => void} join @param {() => void} drop
 */
export function showInvitation(problem, join, drop) {
  show("#invite-form");
  $("#invite-error").hidden = !problem;
  setText($("#invite-error"), problem);
  document.title = WORDS.bridge;
  $("#invite-join").disabled = false;
  $("#invite-name").focus();
  $("#invite-cancel").onclick = drop;
  $("#invite-form").onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    $("#invite-join").disabled = true;
    join($("#invite-name").value);
  };
}

export function hideGate() {
  $("#gate").hidden = true;
  $("#app").hidden = false;
}
