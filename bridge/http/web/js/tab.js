/**
 * Which tab this is, and what closed tabs left to be sent.
 *
 * Rules:
 * - A tab is a producer of its own. Its id lives in `sessionStorage`, its queues in `localStorage`
 *   under that id; the two are made and forgotten together, so that a number is never used twice.
 * - Whoever sends under an id holds the Web Lock of its name. A duplicated tab does not get the
 *   lock and takes a new id. The queues of an id whose lock is free belong to a closed tab:
 *   whoever gets the lock sends them, under their own id and numbers, and then forgets the id.
 * - Where there are no Web Locks (plain http beyond this machine) every load takes a new id and a
 *   heartbeat stands for the lock. Two adopters then send the same numbers, and the bridge keeps one.
 *
 * @typedef {Record<string, import("./outbox.js").Queue>} Queues  by session
 */

const OUTBOX = "bridgehead.outbox.";
const BEAT = "bridgehead.beat.";
const TAB = "bridgehead.tab";
const BEAT_MS = 10_000;
const DEAD_MS = 120_000;

/** @returns {Promise<string>} this tab's producer id, held until the page goes */
export async function claimTab() {
  const kept = navigator.locks && sessionStorage.getItem(TAB);
  if (kept && localStorage.getItem(OUTBOX + kept) !== null && (await hold(kept))) return kept;
  const id = `web-${randomHex(12)}`;
  await hold(id);
  keepQueues(id, {});
  sessionStorage.setItem(TAB, id);
  return id;
}

/** `randomUUID` would need a secure context. @param {number} bytes */
function randomHex(bytes) {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return [...values].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} id @returns {Queues} */
export function loadQueues(id) {
  try {
    return JSON.parse(localStorage.getItem(OUTBOX + id) ?? "{}");
  } catch {
    return {};
  }
}

/** Keep the queues; where the browser cannot, they live as long as the page. */
export function keepQueues(id, queues) {
  try {
    localStorage.setItem(OUTBOX + id, JSON.stringify(queues));
  } catch {
    // Full or forbidden storage: sending goes on from memory.
  }
}

/** @param {string} id */
export function forgetTab(id) {
  localStorage.removeItem(OUTBOX + id);
  localStorage.removeItem(BEAT + id);
}

/**
 * Return the ids of closed tabs that left something, now held by this page.
 * @param {string} own @returns {Promise<string[]>}
 */
export async function adoptClosedTabs(own) {
  const adopted = [];
  for (const key of Object.keys(localStorage)) {
    const id = key.startsWith(OUTBOX) ? key.slice(OUTBOX.length) : own;
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
  if (Date.now() - Number(localStorage.getItem(BEAT + id) ?? 0) < DEAD_MS) return false;
  const beat = () => localStorage.setItem(BEAT + id, String(Date.now()));
  beat();
  const beating = setInterval(beat, BEAT_MS);
  addEventListener("pagehide", () => {
    clearInterval(beating);
    localStorage.removeItem(BEAT + id);
  });
  return true;
}
