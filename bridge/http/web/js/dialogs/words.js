/** Texts of the dialogs, which are read once one of them is opened; else as `../words.js`. */

import { _, _n } from "../language.js";

export const TEXTS = {
  people: {
    roleOf: (name) => _("Role of {name}", { name }),
    get remove() { return _("Remove"); },
    removeNamed: (name) => _("Remove {name} from this session", { name }),
    sureToRemove: (name) => _("Remove {name} from this session?", { name }),
    get leave() { return _("Leave"); },
    get leaveSession() { return _("Leave this session"); },
    get sureToLeave() { return _("Leave this session? You no longer see what is said in it."); },
    get allow() { return _("Allow"); },
    get onlyThisRoom() { return _("Only this room"); },
    get deny() { return _("Deny"); },
    answerFor: (answer, name) => _("{answer}: {name}", { answer, name }),
    inPrivate: (app) => app,
    inRoom: (room, app) => _("in the room {room}, {app}", { room, app }),
    get saved() { return _("Saved."); },
    giveLink: (until) => _("Let them open this link in a browser, until {until}:", { until }),
    giveCode: (until) => _("Send this code to the bot in private, until {until}:", { until }),
    picture: (host) => _("QR code of the link to {host}", { host }),
    get shownOnce() { return _("Whoever has it can use it. It is shown once, and gone when you close this."); },
    get toCopy() { return _("To be copied"); },
    get aLink() { return _("link"); },
    get aCode() { return _("code"); },
    get withHistory() { return _("with history"); },
    invited: (by, came, uses, until) =>
      _("by {by}, {came} of {uses} came, until {until}", { by, came, uses, until }),
    get revoke() { return _("Revoke"); },
    revokeNamed: (number) => _("Revoke invitation {number}", { number }),
  },

  schedules: {
    doing: ({ action, text }) =>
      action === "say" ? _("Say: {text}", { text }) : _("Ask the agent: {text}", { text }),
    next: (when) => _("next: {when}", { when }),
    get paused() { return _("paused"); },
    by: (name) => _("by {name}", { name }),
    get byBridge() { return _("by the bridge"); },
    until: (when) => _("until {when}", { when }),
    times: (count) => _n("{count} more time", "{count} more times", count),
    get pause() { return _("Pause"); },
    get resume() { return _("Resume"); },
    get run() { return _("Run now"); },
    get change() { return _("Change"); },
    get save() { return _("Save"); },
    get plan() { return _("Plan it"); },
    get planAnother() { return _("Plan something"); },
    changing: (what) => _("Change: {what}", { what }),
    kept: (when) => _("Now: {when}. Leave this empty to keep it.", { when }),
    late: {
      get all() { return _("late times are made up for"); },
      get skip() { return _("late times are left out"); },
    },
    get remove() { return _("Remove"); },
    sureToRemove: (what) => _("Remove this schedule? {what}", { what }),
    understood: (when, next) => _("Planned {when}. The next time is {next}.", { when, next }),
    planned: (when) => _("Planned {when}.", { when }),
    isPaused: (what) => _("Paused: {what}", { what }),
    goesOn: (what, next) => _("Resumed: {what}. The next time is {next}.", { what, next }),
  },

  background: {
    states: {
      get works() { return _("works"); },
      get waits() { return _("waits for an answer"); },
      get reported() { return _("reported"); },
      get stopped() { return _("stopped"); },
    },
    since: (when) => _("since {when}", { when }),
    from: (began, ended) => _("{began} to {ended}", { began, ended }),
    tokens: (count) => _n("{count} token", "{count} tokens", count),
    cost: (amount) => `$${amount}`,
    by: (name) => _("for {name}", { name }),
    get stop() { return _("Stop"); },
  },
};
