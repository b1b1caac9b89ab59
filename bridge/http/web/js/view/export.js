/** What somebody may read of a session, saved as a file. */

import { $, setText } from "../dom.js";
import { label } from "../text.js";
import { WORDS } from "../words.js";

const REVOKED_AFTER_MS = 60_000;

/** @param {import("../session.js").OpenSession} session  the one that is shown */
export async function exportFile(session) {
  const button = $("#export");
  button.disabled = true;
  try {
    const url = URL.createObjectURL(await session.shelf.api.copy(session.id));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${label(session.title) || session.id}.md`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), REVOKED_AFTER_MS);
    setText(button, WORDS.exporting);
  } catch {
    setText(button, WORDS.notExported);
  } finally {
    button.disabled = false;
  }
}
