/**
 * The files of a message: pictures and sound in place, everything else to be saved.
 *
 * A file is fetched with the token once it comes near the screen, and shown from memory: no address
 * that would open it lies in the document or in the browser's history.
 */

import { h, icon } from "../dom.js";
import { nameOf } from "../media.js";
import { sizeOf } from "../text.js";
import { WORDS } from "../words.js";

/**
 * @typedef {import("../types.js").Attachment} Attachment
 * @typedef {import("../media.js").MediaShelf} MediaShelf
 */

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const MOST_IN_PLACE = 25_000_000;
const NEAR = "400px";

/** @param {Attachment[] | undefined} attachments @param {MediaShelf} shelf */
export function files(attachments, shelf) {
  if (!attachments?.length) return null;
  const shown = attachments.map((file) => h("li", {}, shownFile(file, shelf)));
  return h("ul", { class: "files", "aria-label": WORDS.files }, ...shown);
}

/** @param {Attachment} file @param {MediaShelf} shelf */
function shownFile(file, shelf) {
  if (file.size > MOST_IN_PLACE) return saved(file);
  if (PICTURES.has(file.mime)) return picture(file, shelf);
  return file.mime.startsWith("audio/") ? sound(file, shelf) : saved(file);
}

/** @param {Attachment} file @param {MediaShelf} shelf */
function picture(file, shelf) {
  const name = nameOf(file);
  const image = h("img", { alt: name });
  const link = h(
    "a",
    {
      class: "picture",
      target: "_blank",
      "aria-label": WORDS.openPicture(name),
      data: { file: file.media },
    },
    image,
  );
  image.addEventListener("error", () => link.replaceWith(saved(file)));
  fill(link, file, shelf, (url) => {
    link.href = url;
    image.src = url;
  });
  return link;
}

/** @param {Attachment} file @param {MediaShelf} shelf */
function sound(file, shelf) {
  const name = file.kind === "voice" ? WORDS.kinds.voice : nameOf(file);
  const audio = h("audio", { controls: true, preload: "metadata", "aria-label": name });
  const player = h(
    "figure",
    { class: "sound", data: { file: file.media } },
    h("figcaption", {}, h("bdi", {}, name), " ", h("span", {}, sizeOf(file.size))),
    audio,
  );
  audio.addEventListener("error", () => player.replaceWith(saved(file)));
  fill(player, file, shelf, (url) => {
    audio.src = url;
  });
  return player;
}

/** @param {Attachment} file */
function saved(file) {
  const name = nameOf(file);
  const { media, mime, kind, size } = file;
  return h(
    "button",
    {
      type: "button",
      class: "file",
      "aria-label": WORDS.saveFile(name, sizeOf(size)),
      data: { act: "save", media, mime, kind, size, name: file.name },
    },
    icon("file"),
    h("bdi", {}, name),
    h("span", {}, sizeOf(size)),
  );
}

/**
 * Give a node its file once it is near the screen; one that cannot be had can still be tried.
 * @param {HTMLElement} node @param {Attachment} file @param {MediaShelf} shelf
 * @param {(url: string) => void} put
 */
function fill(node, file, shelf, put) {
  const ready = shelf.ready(file);
  if (ready) return put(ready);
  whenNear(node, () =>
    shelf.url(file).then(put, () => {
      node.replaceWith(saved(file));
    }),
  );
}

/** @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap();
const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      waiting.get(target)?.();
    }
  },
  { rootMargin: NEAR },
);

/** @param {Element} node @param {() => void} act */
function whenNear(node, act) {
  waiting.set(node, act);
  near.observe(node);
}
