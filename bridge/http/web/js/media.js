/** The files of one session that this page has fetched, each once, for as long as it is open. */

import { label } from "./text.js";
import { WORDS } from "./words.js";

/** @typedef {import("./types.js").Attachment} Attachment */

const REVOKED_AFTER_MS = 60_000;

/** @param {Attachment} file */
export const nameOf = ({ name, kind }) => label(name) || kind;

/** Say what is in a message without words. @param {Attachment[] | undefined} attachments */
export const namesOf = (attachments) =>
  (attachments ?? [])
    .map((file) => WORDS.fileNamed(WORDS.kinds[file.kind], nameOf(file)))
    .join(", ");

export class MediaShelf {
  /** @type {Map<string, Promise<string>>} */
  #fetching = new Map();
  /** @type {Map<string, string>} */
  #ready = new Map();
  #closed = false;

  /** @param {import("./api.js").Api} api @param {string} session */
  constructor(api, session) {
    this.api = api;
    this.session = session;
  }

  /** Return a file's address if it is here already. @param {Attachment} file */
  ready = (file) => this.#ready.get(keyOf(file));

  /** @param {Attachment} file @returns {Promise<string>} a `blob:` address */
  url(file) {
    const key = keyOf(file);
    const fetching = this.#fetching.get(key) ?? this.#fetch(file, key);
    this.#fetching.set(key, fetching);
    return fetching;
  }

  /** Hand a file to the browser, to be saved under its name. @param {Attachment} file */
  async save(file) {
    const link = document.createElement("a");
    link.href = await this.url(file);
    link.download = nameOf(file);
    link.click();
  }

  /** A file that is being saved just now is still read from its address for a moment. */
  close() {
    this.#closed = true;
    const urls = [...this.#ready.values()];
    setTimeout(() => urls.forEach((url) => URL.revokeObjectURL(url)), REVOKED_AFTER_MS);
  }

  /** @param {Attachment} file @param {string} key */
  async #fetch(file, key) {
    try {
      const url = URL.createObjectURL(await this.api.file(this.session, file));
      if (this.#closed) URL.revokeObjectURL(url);
      this.#ready.set(key, url);
      return url;
    } catch (error) {
      this.#fetching.delete(key);
      throw error;
    }
  }
}

/** The same bytes may be said to be of another type. @param {Attachment} file */
const keyOf = ({ media, mime }) => `${media} ${mime}`;
