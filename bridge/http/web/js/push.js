/**
 * Notifications of this browser.
 *
 * Rules:
 * - Nobody is asked before they click, and nothing is offered before the first answer came.
 * - The browser belongs to whoever turned them on: for whoever signs in next they are off.
 * - A session rings here once it was opened here while they are on; opening it says so again, which
 *   brings back what the bridge or the push service has forgotten.
 * - What the page shows is told no more: its notifications are closed.
 */

import { $, setText } from "./dom.js";
import { shared } from "./storage.js";
import { putInAddress } from "./token.js";
import { WORDS } from "./words.js";

const ON = "bridgehead.push";
const ASKED = "bridgehead.push-asked";
const WORKER = "/web/sw.js";

export class Push {
  #failed = false;

  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.page = page;
    $("#push-yes").addEventListener("click", () => this.#accepted());
    $("#push-no").addEventListener("click", () => this.#close());
    navigator.serviceWorker.addEventListener("message", ({ data }) => this.#clicked(data));
    navigator.serviceWorker.startMessages();
  }

  /** Who turned them on, and what the bridge calls this browser. @returns {{who: string, id: string} | null} */
  get #on() {
    return JSON.parse(shared.get(ON) ?? "null");
  }

  get #isOn() {
    return this.#on?.who === this.page.me.participant && Notification.permission === "granted";
  }

  /** An answer came: the moment to offer to be told of the next. */
  async answered() {
    this.seen();
    if (shared.get(ASKED) || this.#on || Notification.permission !== "default") return;
    if (!("PushManager" in window) || !(await this.#key())) return;
    $("#push-offer").hidden = false;
  }

  /** A session is open. */
  async opened() {
    if (!this.#on) return;
    const worker = await navigator.serviceWorker.getRegistration(WORKER);
    const known = await worker?.pushManager?.getSubscription();
    if (this.#isOn) return known ? this.#ring(await this.#subscribed(worker)) : this.#forget();
    await known?.unsubscribe();
    this.#forget();
  }

  /** Close what is told of what the page shows. */
  async seen() {
    const { open } = this.page;
    if (document.hidden || !open?.caughtUp || !this.#on) return;
    const worker = await navigator.serviceWorker.getRegistration(WORKER);
    for (const each of (await worker?.getNotifications()) ?? [])
      if (each.data?.session === open.id && each.data.seq <= open.log.seq) each.close();
  }

  /** Show in the dialog how it stands. */
  async draw() {
    const home = !("PushManager" in window);
    $("#people-push").hidden = home ? !("standalone" in navigator) : !(await this.#key());
    const blocked = Notification.permission === "denied";
    const { on, off, failed } = WORDS.push;
    const why = home ? WORDS.push.home : blocked ? WORDS.push.blocked : this.#failed ? failed : off;
    setText($("#push-state"), this.#isOn ? on : why);
    setText($("#push-toggle"), this.#isOn ? WORDS.push.turnOff : WORDS.push.turnOn);
    $("#push-toggle").hidden = home || blocked;
    $("#push-toggle").onclick = () => this.#toggle();
  }

  // -- what is clicked ------------------------------------------------------------------------

  async #accepted() {
    this.#close();
    await this.#turnOn();
  }

  #close() {
    shared.set(ASKED, "yes");
    $("#push-offer").hidden = true;
    this.page.composer.focus();
  }

  async #toggle() {
    shared.set(ASKED, "yes");
    await (this.#isOn ? this.#turnOff() : this.#turnOn());
    await this.draw();
  }

  async #turnOn() {
    this.#failed = false;
    if ((await Notification.requestPermission()) !== "granted") return;
    try {
      await navigator.serviceWorker.register(WORKER, { scope: "/" });
      await this.#ring(await this.#subscribed(await navigator.serviceWorker.ready));
    } catch (error) {
      this.#failed = true;
      this.page.open?.note({ text: error.message || WORDS.push.failed, refused: true });
    }
  }

  async #turnOff() {
    const { id } = this.#on ?? {};
    this.#forget();
    const worker = await navigator.serviceWorker.getRegistration(WORKER);
    await (await worker?.pushManager.getSubscription())?.unsubscribe();
    if (id) await this.page.api.ringNoMore(id).catch(() => {}); // its push service says so too
  }

  // -- the bridge and the push service --------------------------------------------------------

  #key() {
    return this.page.api.pushKey().catch(() => null);
  }

  /** Return the subscription for the bridge's key: one for another key is of no use. */
  async #subscribed(worker) {
    const key = await this.page.api.pushKey();
    const known = await worker.pushManager.getSubscription();
    if (known && base64url(known.options?.applicationServerKey) === key) return known;
    await known?.unsubscribe();
    const wanted = { userVisibleOnly: true, applicationServerKey: key };
    return worker.pushManager.subscribe(wanted);
  }

  /** @param {any} subscription */
  async #ring(subscription) {
    const { open, me, api } = this.page;
    const { endpoint, keys } = subscription.toJSON();
    const { p256dh, auth } = keys;
    const { id } = await api.ring(open.id, { endpoint, keys: { p256dh, auth } });
    shared.set(ON, JSON.stringify({ who: me.participant, id }));
  }

  #forget() {
    shared.remove(ON);
  }

  /** A notification was clicked. @param {{session?: string, seq?: number}} told */
  #clicked({ session, seq }) {
    if (!session) return;
    putInAddress(session, false);
    location.hash = `${location.hash}&at=${Number(seq)}`;
  }
}

/** @param {ArrayBuffer | null | undefined} bytes */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
