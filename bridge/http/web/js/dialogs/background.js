/** What works in the background of a session: since when, what it used, and stopping it. */

import { fullTimeOf } from "../text.js";
import { ListDialog, inBrief, inFull, line, press } from "./list_dialog.js";
import { TEXTS } from "./words.js";

const SAYS = TEXTS.background;

export class BackgroundDialog extends ListDialog {
  acts = { stop: (of) => this.do((api, id) => api.stopBackground(id, of)) };

  read = ({ api, id }) => api.background(id);

  draw({ background, may_stop: mayStop }) {
    this.list(
      "#background-list",
      background.map((work) => this.#line(work, mayStop)),
    );
  }

  #line({ id, task, by, state, began, ended, used }, mayStop) {
    const about = [
      SAYS.states[state],
      ended ? SAYS.from(fullTimeOf(began), fullTimeOf(ended)) : SAYS.since(fullTimeOf(began)),
      SAYS.tokens(used.tokens),
      used.cost > 0 && SAYS.cost(used.cost.toFixed(2)),
      by !== null && SAYS.by(this.nameOf(by)),
    ];
    const stop = mayStop && !ended ? [press("stop", id, SAYS.stop, inBrief(task))] : [];
    return line(inFull(task), about, stop, { state });
  }
}
