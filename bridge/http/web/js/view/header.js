/** The head of the room: title, state, who is here, which places follow. */

import { $, h, icon, setText } from "../dom.js";
import { listed } from "../language.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";
import { exportFile } from "./export.js";
import { avatar } from "./parts.js";

const FACES = 3;
/** How the ids of the bridge's own clients begin. */
const CLIENT = "http:";
/** The bridge's own clients: they always follow, so they are named where someone is in them. */
const OWN = new Map([
  ["web", "web"],
  ["terminal", "terminal"],
  ["api", "out"],
]);

/**
 * @param {import("../session.js").OpenSession} session
 * @param {import("./rows.js").Context} context
 */
export function drawHeader(session, context) {
  setText($("#title"), label(session.title) || WORDS.untitled);
  drawState($("#state"), session.state);
  $("#export").onclick = () => exportFile(session);
  const people = session.snapshot?.participants ?? [];
  const places = session.snapshot?.places ?? [];
  const here = whoIsHere(session);
  replaceIfChanged($("#who"), faces(people, here, places.length));
  replaceIfChanged($("#places"), places.filter((place) => isLived(place, session)).map(placeChip));
  replaceIfChanged(
    $("#about-people"),
    people.map((person) => personLine(person, here, context)),
  );
  replaceIfChanged(
    $("#about-places"),
    places.map((place) => h("li", {}, placeIcon(place), h("bdi", {}, placeName(place)))),
  );
}

/** Return the places each present participant is in. @returns {Map<string, string[]>} */
export function whoIsHere(session) {
  const here = new Map();
  for (const { participant, place } of session.frame.present) {
    const id = session.person(participant);
    const places = here.get(id) ?? [];
    if (!places.includes(place)) here.set(id, [...places, place]);
  }
  return here;
}

/** Which of the bridge's own clients a place is, if it is one. @param {import("../types.js").Place} place */
function clientOf({ id }) {
  const client = id.startsWith(CLIENT) ? id.slice(CLIENT.length) : "";
  return OWN.has(client) ? client : "";
}

/** @param {import("../types.js").Place} place */
export const placeName = (place) =>
  WORDS.places[clientOf(place)] ?? (label(place.label) || WORDS.somewhere);

/** @param {import("../types.js").Place} place */
const placeIcon = (place) => icon(OWN.get(clientOf(place)) ?? "place");

/** @param {import("../types.js").Place} place @param {import("../session.js").OpenSession} session */
function isLived(place, { frame }) {
  const client = clientOf(place);
  return !client || frame.present.some((each) => each.place === client);
}

/** @param {import("../types.js").Place} place */
const placeChip = (place) =>
  h("span", { class: "chip" }, placeIcon(place), h("bdi", {}, placeName(place)));

/** While a question is open it leads there. @param {HTMLElement} node @param {string} state */
function drawState(node, state) {
  node.dataset.state = state;
  /** @type {HTMLButtonElement} */ (node).disabled = state !== "waiting";
  setText(node, WORDS.states[state] ?? state);
}

function faces(people, here, places) {
  const first = [...people].sort((a, b) => Number(here.has(b.id)) - Number(here.has(a.id)));
  const shown = first.slice(0, FACES).map(({ id, name }) => {
    const face = avatar(id, name);
    if (here.has(id)) face.classList.add("here");
    return face;
  });
  const more =
    people.length > FACES
      ? h("span", { class: "avatar more", "aria-hidden": "true" }, `+${people.length - FACES}`)
      : null;
  const names = people.filter(({ id }) => here.has(id)).map(({ name }) => label(name));
  const text = WORDS.about(people.length, places, names.length ? WORDS.present(names) : "");
  return [...shown, ...(more ? [more] : []), h("span", { class: "unseen" }, text)];
}

function personLine({ id, name, role }, here, context) {
  const places = here.get(id);
  const face = avatar(id, name);
  if (places) face.classList.add("here");
  const where = places
    ? listed(places.map((place) => placeName({ id: CLIENT + place, label: place })))
    : WORDS.away;
  const you = context.mine(id) ? ` ${WORDS.isYou}` : "";
  return h(
    "li",
    {},
    face,
    h("span", {}, h("bdi", {}, label(name)), you),
    h("small", {}, `${WORDS.roles[role] ?? role} · ${where}`),
  );
}

/** Draw again only what differs: a list redrawn under a pointer or a reader is a nuisance. */
export function replaceIfChanged(target, nodes) {
  const fresh = document.createDocumentFragment();
  fresh.append(...nodes);
  const same = target.childNodes.length === fresh.childNodes.length;
  if (same && [...target.childNodes].every((node, at) => node.isEqualNode(fresh.childNodes[at])))
    return;
  target.replaceChildren(fresh);
}
