/** Calls to the bridge. Each names the token; each failure is one of three errors. */

/** The token is not accepted: ask for another. */
export class Unauthorized extends Error {}

/** The bridge answered, and would not. `status` and `headers` are the answer's. */
export class Refused extends Error {
  /** @param {Response} response @param {{code?: string, message?: string}} error */
  constructor(response, error) {
    super(error.message || response.statusText || `status ${response.status}`);
    this.status = response.status;
    this.code = error.code ?? "";
    this.headers = response.headers;
  }
}

/** The bridge could not be reached, or cannot just now: try again. `after` in ms, if it said so. */
export class Unreachable extends Error {
  /** @param {string} message @param {number | null} [after] */
  constructor(message, after = null) {
    super(message);
    this.after = after;
  }
}

/** @typedef {Omit<RequestInit, "headers"> & {headers?: Record<string, string>}} Call */

const CALL_TIMEOUT_MS = 20_000;
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);

/** @param {string} id */
const of = (id) => `/v1/sessions/${encodeURIComponent(id)}`;

export class Api {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
  }

  /** Sign in with this token, by an invitation. @param {string} invitation @param {string} name */
  signIn = (invitation, name) =>
    this.#json("/sign-in", { method: "POST", body: JSON.stringify({ invitation, name }) });
  me = () => this.#json("/v1/me");
  /** Be called otherwise, or spoken to in another language. @param {{name?: string, language?: string}} change */
  changeMe = (change) => this.#json("/v1/me", { method: "PATCH", body: JSON.stringify(change) });
  /** Return all sessions, page after page. */
  sessions = () => this.#pages("/v1/sessions", "sessions");
  /**
   * Return the last events of a session, or the last before one, and where the stream goes on.
   * @param {string} id @param {Record<string, any>} [which]
   * @returns {Promise<import("./types.js").Stretch>}
   */
  events = (id, which = {}) =>
    this.#json(`${of(id)}/events?${new URLSearchParams(which)}`);
  session = (id) => this.#json(of(id));
  /** Who is in a session, and what the asker may do with them. @param {string} id */
  people = (id) => this.#json(`${of(id)}/people`);
  giveRole = (id, person, role) =>
    this.#json(`${of(id)}/people/${encodeURIComponent(person)}`, {
      method: "PATCH",
      body: JSON.stringify({ role }),
    });
  remove = (id, person) =>
    this.#json(`${of(id)}/people/${encodeURIComponent(person)}`, { method: "DELETE" });
  invitations = (id) => this.#json(`${of(id)}/invitations`);
  invite = (id, wanted) =>
    this.#json(`${of(id)}/invitations`, { method: "POST", body: JSON.stringify(wanted) });
  revoke = (id, number) =>
    this.#json(`${of(id)}/invitations/${encodeURIComponent(number)}`, { method: "DELETE" });
  linkApp = (id) => this.#json(`${of(id)}/links`, { method: "POST" });
  requests = () => this.#json("/v1/requests");
  answerRequest = (number, allow) =>
    this.#json(`/v1/requests/${encodeURIComponent(number)}`, {
      method: "POST",
      body: JSON.stringify({ allow }),
    });
  /** What is planned in a session, and what the asker may do about it. @param {string} id */
  schedules = (id) => this.#json(`${of(id)}/schedules`);
  schedule = (id, wanted) =>
    this.#json(`${of(id)}/schedules`, { method: "POST", body: JSON.stringify(wanted) });
  changeSchedule = (id, schedule, wanted) =>
    this.#json(`${of(id)}/schedules/${encodeURIComponent(schedule)}`, {
      method: "PATCH",
      body: JSON.stringify(wanted),
    });
  runSchedule = (id, schedule) =>
    this.#json(`${of(id)}/schedules/${encodeURIComponent(schedule)}/run`, {
      method: "POST",
      body: "{}",
    });
  removeSchedule = (id, schedule) =>
    this.#json(`${of(id)}/schedules/${encodeURIComponent(schedule)}`, { method: "DELETE" });
  /** What works in the background of a session, and whether the asker may stop it. @param {string} id */
  background = (id) => this.#json(`${of(id)}/background`);
  stopBackground = (id, work) =>
    this.#json(`${of(id)}/background/${encodeURIComponent(work)}`, { method: "DELETE" });
  /** What is still to be answered in all sessions of the asker, page after page. */
  questions = () => this.#pages("/v1/questions", "questions");
  /** What places are owed, for whoever runs the bridge. */
  deliveries = () => this.#json("/v1/deliveries");
  retryDelivery = (place) =>
    this.#json(`/v1/deliveries/${encodeURIComponent(place)}/retry`, { method: "POST", body: "{}" });
  /** Let a place be owed nothing up to an event. @param {string} place @param {number} upto */
  dropDelivery = (place, upto) =>
    this.#json(`/v1/deliveries/${encodeURIComponent(place)}/drop?upto=${upto}`, {
      method: "POST",
      body: "{}",
    });
  /** The hooks, for whoever runs the bridge. */
  hooks = () => this.#json("/v1/hooks");
  addHook = (wanted) => this.#json("/v1/hooks", { method: "POST", body: JSON.stringify(wanted) });
  turnHook = (name, enabled) =>
    this.#json(`/v1/hooks/${encodeURIComponent(name)}`, {
      method: "PATCH",
      body: JSON.stringify({ enabled }),
    });
  removeHook = (name) => this.#json(`/v1/hooks/${encodeURIComponent(name)}`, { method: "DELETE" });
  hookCalls = (name) => this.#json(`/v1/hooks/${encodeURIComponent(name)}/calls`);
  replayCall = (name, number) =>
    this.#json(`/v1/hooks/${encodeURIComponent(name)}/calls/${number}/replay`, {
      method: "POST",
      body: "{}",
    });
  notify = () => this.#json("/v1/me/notify");
  chooseNotify = (chosen) =>
    this.#json("/v1/me/notify", { method: "PUT", body: JSON.stringify(chosen) });
  /** For which key this browser subscribes to push messages; null: the bridge sends none. */
  pushKey = async () => (await this.#json("/v1/me/push")).key;
  /** Let this browser ring for a session. @param {string} id @param {object} browser */
  ring = (id, browser) =>
    this.#json(`${of(id)}/push`, { method: "PUT", body: JSON.stringify(browser) });
  /** @param {string} browser */
  ringNoMore = (browser) =>
    this.open(`/v1/me/push/${encodeURIComponent(browser)}`, { method: "DELETE" });
  create = (title) =>
    this.#json("/v1/sessions", { method: "POST", body: JSON.stringify({ title }) });

  /**
   * Say something to a session.
   * @param {string} id @param {object} body
   * @param {{id: string, epoch: number, seq: number} | null} [producer]
   * @returns {Promise<import("./types.js").Answer>}
   */
  say(id, body, producer = null) {
    const numbers = producer && {
      "Producer-Id": producer.id,
      "Producer-Epoch": String(producer.epoch),
      "Producer-Seq": String(producer.seq),
    };
    const path = `/v1/stream/sessions/${encodeURIComponent(id)}/inbox`;
    return this.#json(path, { method: "POST", body: JSON.stringify(body), headers: numbers ?? {} });
  }

  /**
   * Keep a file. `told` hears how much of it is there, from 0 to 1: only this kind of request says.
   * @param {File} file @param {(part: number) => void} told @param {AbortSignal} signal
   * @returns {Promise<import("./types.js").Attachment>}
   */
  upload(file, told, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/v1/media?${new URLSearchParams({ name: file.name })}`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
      request.onerror = () => reject(new Unreachable(""));
      request.onabort = () => reject(signal.reason);
      request.onload = () => answered(request).then(resolve, reject);
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
  }

  /**
   * Return a file of a session. What it is a type of, the bridge decides.
   * @param {string} id @param {import("./types.js").Attachment} file
   */
  async file(id, { media, name, mime }) {
    const query = new URLSearchParams({ name, type: mime });
    const path = `/v1/sessions/${encodeURIComponent(id)}/media/${encodeURIComponent(media)}`;
    const response = await this.open(`${path}?${query}`, { cache: "default" });
    return response.blob().catch((error) => {
      throw new Unreachable(error.message);
    });
  }

  /** Return what the asker may read of a session, to be saved. @param {string} id */
  async copy(id) {
    const response = await this.open(`${of(id)}/copy`);
    return response.blob();
  }

  /**
   * Return a page of the log and where it ends.
   * @param {string} id @param {string} offset
   * @param {Record<string, string>} [how] @param {AbortSignal} [signal]
   */
  async page(id, offset, how = {}, signal = AbortSignal.timeout(CALL_TIMEOUT_MS)) {
    const query = new URLSearchParams({ offset, ...how });
    const response = await this.open(`/v1/stream/sessions/${encodeURIComponent(id)}?${query}`, {
      signal,
    });
    return {
      events: response.status === 204 ? [] : await response.json(),
      offset: response.headers.get("Stream-Next-Offset") ?? offset,
      upToDate: response.headers.get("Stream-Up-To-Date") === "true",
    };
  }

  /**
   * Return the response once its head is here; the body may go on.
   * @param {string} path @param {Call} [options]
   * @returns {Promise<Response>}
   */
  async open(path, { headers = {}, ...rest } = {}) {
    const response = await fetch(path, {
      cache: "no-store",
      ...rest,
      headers: { Authorization: `Bearer ${this.token}`, ...headers },
    }).catch((error) => {
      throw new Unreachable(error.message);
    });
    if (response.ok) return response;
    throw await failure(response);
  }

  /** @param {string} path @param {string} what  of which there is a page after the other */
  async #pages(path, what) {
    const found = [];
    let after = "";
    do {
      const page = await this.#json(`${path}?after=${encodeURIComponent(after)}`);
      found.push(...page[what]);
      after = page.next;
    } while (after);
    return found;
  }

  /** @param {string} path @param {Call} [options] */
  async #json(path, { headers = {}, ...rest } = {}) {
    const typed = { Accept: "application/json", "Content-Type": "application/json", ...headers };
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await this.open(path, { ...rest, headers: typed, signal });
    if (response.status === 204) return null;
    return response.json().catch((error) => {
      throw new Unreachable(error.message);
    });
  }
}

/** @param {XMLHttpRequest} request */
async function answered({ status, responseText }) {
  const response = new Response(responseText, { status });
  if (response.ok) return response.json();
  throw await failure(response);
}

/** @param {Response} response */
async function failure(response) {
  const error = (await response.json().catch(() => null))?.error ?? {};
  if (response.status === 401) return new Unauthorized(error.message);
  if (!LATER.has(response.status)) return new Refused(response, error);
  const seconds = Number(response.headers.get("Retry-After"));
  return new Unreachable(error.message ?? "", seconds > 0 ? seconds * 1000 : null);
}
