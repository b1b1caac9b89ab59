/** What places are owed and lack: why, trying it again, and dropping it. */

import { fullTimeOf, label } from "../text.js";
import { WORDS } from "../words.js";
import { ListDialog, inFull, line, press } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.deliveries;

export class DeliveriesDialog extends ListDialog {
  /** @type {any[]} */
  #places = [];

  every = 5_000;

  acts = {
    retry: (of) => this.do((api) => api.retryDelivery(of), () => this.say(SAYS.retried)),
    drop: (of) => this.#drop(this.#places.find(({ conversation }) => conversation === of)),
  };

  read = ({ api }) => api.deliveries();

  draw({ places }) {
    this.#places = places;
    this.list("#deliveries-list", places.map(placeLine));
  }

  /** Drop no more than what was shown. */
  #drop({ conversation, upto, label: name }) {
    if (!confirm(SAYS.sureToDrop(label(name)))) return;
    return this.do(
      (api) => api.dropDelivery(conversation, upto),
      ({ dropped }) => this.say(SAYS.dropped(dropped)),
    );
  }
}

function placeLine(place) {
  const { conversation, title, session, state, why, behind, failed, tries, due_at: due } = place;
  const name = label(place.label) || label(place.account);
  const about = [
    label(title) || label(session) || WORDS.untitled,
    SAYS.states[state],
    why !== state && SAYS.whys[why],
    behind > 0 && SAYS.behind(behind),
    due && SAYS.again(fullTimeOf(due)),
    failed.length > 0 && SAYS.lacks(failed.map((each) => `#${each}`).join(", ")),
    place.error && SAYS.saidLast(inFull(place.error), tries),
  ];
  const owes = behind > 0 || state !== "failed";
  const acts = owes
    ? [press("retry", conversation, SAYS.retry, name), press("drop", conversation, SAYS.drop, name)]
    : [];
  return line(name, about, acts, { state });
}
