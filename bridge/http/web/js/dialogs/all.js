/** Every dialog, by the id that it has in `dialogs.html`. */

import { BackgroundDialog } from "./background.js";
import { DeliveriesDialog } from "./deliveries.js";
import { HooksDialog } from "./hooks.js";
import { PeopleDialog } from "./people.js";
import { QuestionsDialog } from "./questions.js";
import { SchedulesDialog } from "./schedules.js";

/** @type {[string, new (name: string, around: import("./list_dialog.js").Around) => import("./list_dialog.js").ListDialog][]} */
export const DIALOGS = [
  ["people", PeopleDialog],
  ["schedules", SchedulesDialog],
  ["background", BackgroundDialog],
  ["questions", QuestionsDialog],
  ["deliveries", DeliveriesDialog],
  ["hooks", HooksDialog],
];
