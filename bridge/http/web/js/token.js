/** The token: taken from the address, kept in this browser. */

import { shared } from "./storage.js";
import { WORDS } from "./words.js";

const KEY = "bridgehead.token";

/**
 * Take a token out of the address bar, if one is there, and keep it.
 * A browser sends no fragment, so the token never reaches a server's or a proxy's log that way.
 * Anyone can make such a link: whoever is signed in already is asked before theirs is replaced.
 * @returns {boolean} whether one was kept
 */
export function takeFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token === null) return false;
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  const mine = shared.get(KEY);
  if (mine && mine !== token && !window.confirm(WORDS.replaceSignIn)) return false;
  keepToken(token);
  return true;
}

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

/** @param {string} session @param {boolean} replace  whether going back skips what was there */
export function putInAddress(session, replace) {
  if (sessionInAddress() === session) return;
  const address = `#session=${encodeURIComponent(session)}`;
  history[replace ? "replaceState" : "pushState"](null, "", address);
}
