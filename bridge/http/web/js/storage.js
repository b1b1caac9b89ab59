/**
 * What the browser keeps for this page. Where it keeps nothing (blocked, full), the values live
 * as long as the page does, and everything else works the same.
 */

/** @param {"localStorage" | "sessionStorage"} name */
function storage(name) {
  /** @type {Map<string, string>} */
  const held = new Map();
  const tried = (/** @type {(kept: Storage) => any} */ use) => {
    try {
      return use(window[name]);
    } catch {
      return undefined;
    }
  };
  return {
    /** @param {string} key @returns {string | null} */
    get: (key) => held.get(key) ?? tried((kept) => kept.getItem(key)) ?? null,
    /** @param {string} key @param {string} value */
    set(key, value) {
      const kept = tried((all) => (all.setItem(key, value), true));
      if (kept) held.delete(key);
      else held.set(key, value);
    },
    /** @param {string} key */
    remove(key) {
      held.delete(key);
      tried((kept) => kept.removeItem(key));
    },
    /** @returns {string[]} */
    keys: () => [...held.keys(), ...(tried((kept) => Object.keys(kept)) ?? [])],
  };
}

/** Kept in this browser, for all its tabs. */
export const shared = storage("localStorage");

/** Kept for this tab, over its reloads. */
export const own = storage("sessionStorage");
