/**
 * Open questions that were asked before anything that is read of the log: they stand above the
 * message box, until they are closed or one has scrolled up to where they were asked.
 */

import { $ } from "../dom.js";
import { askedRows } from "../timeline.js";
import { RowList, pointAt } from "./row_list.js";

export class AskedView {
  constructor() {
    this.box = $("#asked");
    this.rows = new RowList(this.box);
  }

  /**
   * @param {import("../session.js").OpenSession} session
   * @param {import("./rows.js").Context} context @param {string} version  of the context
   */
  update(session, context, version) {
    const rows = askedRows({ log: session.log, pending: session.pending() });
    this.rows.draw(rows, context, version, false);
    this.box.hidden = !rows.length;
  }

  /** Point at a question, and bring the keyboard to it. @param {number} seq */
  show = (seq) => pointAt(this.box, seq, "nearest", true);
}
