/**
 * Which tab this is, and what closed tabs left to be sent.
 *
 * Rules:
 * - A tab is a producer of its own, and each person has their own tabs: what one wrote is never
 *   sent as another. Its id is kept with the tab, its queues in the browser under that id; the two
 *   are made and forgotten together, so that a number is never used twice.
 * - Whoever sends under an id holds the Web Lock of its name. A duplicated tab does not get the
 *   lock and takes a new id. The queues of an id whose lock is free belong to a closed tab:
 *   whoever gets the lock sends them, under their own id and numbers, and then forgets the id.
 * - Where there are no Web Locks (plain http beyond this machine) every load takes a new id and a
 *   heartbeat stands for the lock. Two adopters then send the same numbers, and the bridge keeps one.
 *
 * @typedef {Record<string, import("./outbox.js").Queue>} Queues  by session
 */

import { own, shared } from "./storage.js";

const OUTBOX = "bridgehead.outbox.";
const BEAT = "bridgehead.beat.";
const TAB = "bridgehead.tab.";
const BEAT_MS = 10_000;
const DEAD_MS = 120_000;

/**
 * Return this tab's producer id, held until the page goes.
 * @param {string} person @returns {Promise<string>}
 */
export async function claimTab(person) {
  const kept = navigator.locks && own.get(TAB + person);
  if (kept && shared.get(keyOf(person, kept)) !== null && (await hold(kept))) return kept;
  const id = `web-${randomHex(12)}`;
  await hold(id);
  keepQueues(person, id, {});
  own.set(TAB + person, id);
  return id;
}

/** @param {string} person @param {string} id */
const keyOf = (person, id) => `${OUTBOX}${person}.${id}`;

/** `randomUUID` would need a secure context. @param {number} bytes */
function randomHex(bytes) {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return [...values].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} person @param {string} id @returns {Queues} */
export function loadQueues(person, id) {
  try {
    return JSON.parse(shared.get(keyOf(person, id)) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} person @param {string} id @param {Queues} queues */
export function keepQueues(person, id, queues) {
  shared.set(keyOf(person, id), JSON.stringify(queues));
}

/** @param {string} person @param {string} id */
export function forgetTab(person, id) {
  shared.remove(keyOf(person, id));
  shared.remove(BEAT + id);
}

/**
 * Return the ids of this person's closed tabs, now held by this page.
 * @param {string} person @param {string} own @returns {Promise<string[]>}
 */
export async function adoptClosedTabs(person, own) {
  const adopted = [];
  const prefix = keyOf(person, "");
  for (const key of shared.keys()) {
    const id = key.startsWith(prefix) ? key.slice(prefix.length) : own;
    if (id !== own && (await hold(id))) adopted.push(id);
  }
  return adopted;
}

/** @param {string} id @returns {Promise<boolean>} */
function hold(id) {
  return navigator.locks ? holdLock(id) : Promise.resolve(holdBeat(id));
}

/** @param {string} id @returns {Promise<boolean>} */
function holdLock(id) {
  return new Promise((resolve) => {
    const forever = new Promise(() => {});
    navigator.locks.request(OUTBOX + id, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? forever : undefined;
    });
  });
}

/** @param {string} id @returns {boolean} */
function holdBeat(id) {
  if (Date.now() - Number(shared.get(BEAT + id) ?? 0) < DEAD_MS) return false;
  const beat = () => shared.set(BEAT + id, String(Date.now()));
  beat();
  const beating = setInterval(beat, BEAT_MS);
  addEventListener("pagehide", () => {
    clearInterval(beating);
    shared.remove(BEAT + id);
  });
  return true;
}
