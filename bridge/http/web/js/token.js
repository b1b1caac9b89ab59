/** The token: taken from the address, kept in this browser. */

import { own, shared } from "./storage.js";
import { WORDS } from "./words.js";

const KEY = "bridgehead.token";
const INVITED = "bridgehead.invited";
const TOKEN_BYTES = 32;

/**
 * Take a token out of the address bar, if one is there, and keep it.
 * A browser sends no fragment, so the token never reaches a server's or a proxy's log that way.
 * Anyone can make such a link: whoever is signed in already is asked before theirs is replaced.
 * @returns {boolean} whether one was kept
 */
export function takeFromAddress() {
  const token = taken("token");
  if (token === null) return takeInvitation();
  const mine = shared.get(KEY);
  if (mine && mine !== token && !window.confirm(WORDS.replaceSignIn)) return false;
  keepToken(token);
  return true;
}

/** Take something out of the address bar, and its history. @param {string} name */
function taken(name) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const found = fragment.get(name);
  if (found === null) return null;
  fragment.delete(name);
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  return found;
}

/**
 * Take an invitation out of the address bar, and keep it for this tab, with the token that this
 * browser is to have by it: asked again for with the same token, it is the same again. All its tabs
 * know that token until somebody is in: the link is opened anew where no answer came.
 * @returns {boolean} whether one was kept
 */
function takeInvitation() {
  const code = taken("invite");
  if (!code) return false;
  if (shared.get(KEY) && !window.confirm(WORDS.joinAnew)) return false;
  const known = JSON.parse(shared.get(INVITED) ?? "null");
  const token = known?.code === code ? known.token : newToken();
  shared.set(INVITED, JSON.stringify({ code, token }));
  own.set(INVITED, JSON.stringify({ code, token }));
  return true;
}

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @returns {{code: string, token: string} | null} */
export const invitation = () => JSON.parse(own.get(INVITED) ?? "null");

export const dropInvitation = () => own.remove(INVITED);

export const invitationTaken = () => (dropInvitation(), shared.remove(INVITED));

/** @param {string} token */
export const keepToken = (token) => shared.set(KEY, token);

export const token = () => shared.get(KEY);

/** Return the token in what was pasted: a whole link, or the token alone. @param {string} pasted */
export function tokenIn(pasted) {
  const text = pasted.trim();
  return /[#&]token=([^&\s]+)/.exec(text)?.[1] ?? text;
}

/** Which session the address names. */
export const sessionInAddress = () => new URLSearchParams(location.hash.slice(1)).get("session");

/** Take out of the address which event it names, if it does. */
export const takeEvent = () => Number(taken("at") ?? 0);

/** @param {string} session @param {boolean} replace  whether going back skips what was there */
export function putInAddress(session, replace) {
  if (sessionInAddress() === session) return;
  const address = `#session=${encodeURIComponent(session)}`;
  history[replace ? "replaceState" : "pushState"](null, "", address);
}
