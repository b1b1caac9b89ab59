/** The head of the room: title, state, who is here, which places follow. */

import { $, h, icon, setText } from "../dom.js";
import { label } from "../text.js";
import { WORDS, listed } from "../words.js";
import { avatar } from "./parts.js";

const FACES = 3;
/** The bridge's own clients: they always follow, so they are named where someone is in them. */
const OWN = new Map([
  [WORDS.places.web, "web"],
  [WORDS.places.terminal, "terminal"],
  [WORDS.places.api, "out"],
]);

/**
 * @param {import("../session.js").OpenSession} session
 * @param {import("./rows.js").Context} context
 */
export function drawHeader(session, context) {
  setText($("#title"), label(session.title) || WORDS.untitled);
  drawState($("#state"), session.state);
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

/** @param {import("../types.js").Place} place */
export const placeName = ({ label: text }) =>
  WORDS.places[text] ?? (label(text) || WORDS.somewhere);

/** @param {import("../types.js").Place} place */
const placeIcon = (place) => icon(OWN.get(placeName(place)) ?? "place");

/** @param {import("../types.js").Place} place @param {import("../session.js").OpenSession} session */
function isLived(place, { frame }) {
  const name = placeName(place);
  return !OWN.has(name) || frame.present.some((each) => WORDS.places[each.place] === name);
}

/** @param {import("../types.js").Place} place */
const placeChip = (place) =>
  h("span", { class: "chip" }, placeIcon(place), h("bdi", {}, placeName(place)));

/** @param {HTMLElement} node @param {string} state */
function drawState(node, state) {
  node.dataset.state = state;
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
    ? listed(places.map((place) => placeName({ id: "", label: place })))
    : WORDS.away;
  const you = context.mine(id) ? ` ${WORDS.isYou}` : "";
  return h(
    "li",
    {},
    face,
    h("span", {}, h("bdi", {}, label(name)), you),
    h("small", {}, `${role} · ${where}`),
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
