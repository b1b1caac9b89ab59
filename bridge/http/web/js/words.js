/**
 * Every text that the page itself writes, in one place. It is read when it is shown, so that it is
 * said in the language of that moment. A pattern is one whole text: translators see nothing else.
 */

import { _, _n, listed } from "./language.js";

export const WORDS = {
  get someone() { return _("Someone"); },
  get agent() { return _("Agent"); },
  bridge: "Bridgehead",
  get you() { return _("You"); },
  get isYou() { return _("(you)"); },
  get today() { return _("Today"); },
  get yesterday() { return _("Yesterday"); },
  get untitled() { return _("Untitled session"); },
  get exporting() { return _("Export as a file"); },
  get notExported() { return _("The file did not come. Try again."); },

  get replaceSignIn() {
    return _("You are signed in here. The link that you opened signs you in as someone else, or with another token. Use it only if you know where it comes from.");
  },
  get joinAnew() {
    return _("You are signed in here. The invitation that you opened makes this browser somebody else's, with another name. Use it only if you want that.");
  },
  push: {
    get on() { return _("On. What is for you rings here in the sessions that you open in this browser, while you look at none of them."); },
    get off() { return _("Off."); },
    get blocked() { return _("Off. You have blocked notifications of this page; the settings of your browser allow them again."); },
    get home() { return _("Off. On this device, add the page to the Home Screen first, and open it from there."); },
    get failed() { return _("Notifications could not be turned on. Your browser does not reach its push service."); },
    get turnOn() { return _("Turn on"); },
    get turnOff() { return _("Turn off"); },
  },
  get onlyReads() { return _("You can read in this session. You cannot write in it."); },
  leadsTo: (host) => ` (${host})`,

  get reply() { return _("Reply"); },
  /** @param {string} name  empty: to oneself */
  replyTo: (name) => (name ? _("Reply to {name}", { name }) : _("Reply to yourself")),
  answering: (name) => (name ? _("Answering {name}", { name }) : _("Answering yourself")),
  get dropReply() { return _("Do not quote"); },
  get copy() { return _("Copy"); },
  get copied() { return _("Copied"); },
  get edited() { return _("edited"); },
  get overheard() { return _("overheard"); },
  get deleted() { return _("This message was deleted."); },
  get redacted() { return _("The text of this message was removed from the log."); },
  get unseen() { return _("an earlier message"); },
  transcript: (text) => _("Transcript: {text}", { text }),

  get files() { return _("Files"); },
  kinds: {
    get image() { return _("picture"); },
    get voice() { return _("voice message"); },
    get audio() { return _("sound"); },
    get video() { return _("film"); },
    get file() { return _("file"); },
  },
  fileNamed: (kind, name) => `${kind ?? WORDS.kinds.file} ${name}`,
  openPicture: (name) => _("{name}, opens in a new tab", { name }),
  saveFile: (name, size) => _("Save {name}, {size}", { name, size }),
  removeFile: (name) => _("Remove {name}", { name }),
  get tryAgain() { return _("Try again"); },
  tryFileAgain: (name) => _("Try again to send {name}", { name }),
  uploading: (name) => _("Sending {name}", { name }),
  fileReady: (name) => _("{name} is ready to be sent", { name }),
  fileFailed: (name, why) => _("{name}: {why}", { name, why }),
  get noConnection() { return _("Not sent: the bridge cannot be reached. Try again once you are connected."); },
  get emptyFile() { return _("Not sent: this file is empty."); },
  largeFile: (most) => _("Not sent: the limit is {most}.", { most }),
  tooManyFiles: (most) =>
    _n("A message can have at most {count} file; the others were left out.", "A message can have at most {count} files; the others were left out.", most),
  get filesMissing() { return _("Not sent yet: a file did not arrive. Try it again, or remove it."); },
  get filesComing() { return _("Your message is sent as soon as the files are there."); },
  get noFilesInCommand() { return _("A command cannot have files. Send the command by itself, or remove the files."); },
  get dropHere() { return _("Drop the file to add it to your message"); },

  get pending() { return _("Waiting to be sent"); },
  get sending() { return _("Sending"); },
  get private() { return _("Only you see this"); },
  get notSent() { return _("Not sent"); },
  get notDone() { return _("Not done"); },
  get formerPlace() { return _("another chat"); },
  get dismiss() { return _("Dismiss"); },

  get working() { return _("Working"); },
  get interim() { return _("on the way"); },
  get toolRunning() { return _("running"); },
  get toolFailed() { return _("failed"); },
  get toolDone() { return _("done"); },
  get toolCut() { return _("interrupted, outcome unknown"); },
  get toolInput() { return _("Arguments"); },
  get toolResult() { return _("Result"); },

  get question() { return _("Question"); },
  get approval() { return _("Approval needed"); },
  get closed() { return _("closed"); },
  get exactCall() { return _("The exact call:"); },
  get yourAnswer() { return _("Your answer"); },
  get answer() { return _("Answer"); },
  /** The answers that the bridge's own questions offer, by their ids, with what they are called in the log. */
  offered: {
    approve: ["Approve", () => _("Approve")],
    deny: ["Deny", () => _("Deny")],
    always: ["Always", () => _("Always")],
    yes: ["Yes", () => _("Yes")],
    no: ["No", () => _("No")],
  },
  answeredBy: (answer, name, place) =>
    place
      ? _("{name} answered “{answer}” · {place}", { name, answer, place })
      : _("{name} answered “{answer}”", { name, answer }),
  youAnswered: (answer, place) =>
    place
      ? _("You answered “{answer}” · {place}", { answer, place })
      : _("You answered “{answer}”", { answer }),
  answered: (answer) => _("Answered: “{answer}”", { answer }),
  get expired() { return _("Nobody answered in time."); },
  get withdrawn() { return _("No longer needed."); },
  expires: (when) => _("Open until {when}", { when }),
  askedOf: (names) => _("Asked of {names}", { names }),

  states: {
    get idle() { return _("Idle"); },
    get running() { return _("Working"); },
    get waiting() { return _("Waiting for an answer"); },
    get archived() { return _("Archived"); },
  },
  connections: {
    get connecting() { return _("Connecting…"); },
    get connected() { return _("Connected"); },
    get reconnecting() { return _("Reconnecting…"); },
    get offline() { return _("Offline"); },
  },
  get offlineBar() { return _("You are offline. What you write is kept here and sent once you are back."); },
  get reconnectingBar() { return _("The connection broke off. Nothing is lost; reconnecting…"); },
  get lostSession() { return _("This session no longer exists, or you are no longer part of it."); },
  get stopFailed() { return _("The bridge could not be reached, so nothing was stopped."); },
  get unreachable() { return _("The bridge cannot be reached just now."); },

  typing: (names) =>
    _n("{names} is writing…", "{names} are writing…", names.length, { names: listed(names) }),
  present: (names) => _("Here now: {names}", { names: listed(names) }),
  newMessages: (count) => _n("{count} new message", "{count} new messages", count),
  get toEnd() { return _("To the end"); },
  get earlier() { return _("Show earlier messages"); },
  get reading() { return _("Fetching earlier messages…"); },
  about(people, places, here) {
    const they = _n("{count} person", "{count} people", people);
    const following = _n("{count} place follows", "{count} places follow", places);
    return _("{people}. {places}. {here}", { people: they, places: following, here }).trim();
  },
  get away() { return _("not here now"); },
  get somewhere() { return _("another place"); },
  places: {
    get web() { return _("browser"); },
    get terminal() { return _("terminal"); },
    api: "API",
  },
  get refusedToken() { return _("That token is not accepted here. Use the link that bridge run prints."); },

  roles: {
    get owner() { return _("owner"); },
    get member() { return _("member"); },
    get viewer() { return _("viewer"); },
  },

  cameFrom: {
    get schedule() { return _("schedule"); },
    get webhook() { return _("webhook"); },
    get api() { return _("push"); },
    get background() { return _("background work"); },
  },

  lines: {
    joined: ({ role }, name) =>
      role === "viewer" ? _("{name} joined as a viewer", { name }) : _("{name} joined", { name }),
    role({ role }, name) {
      if (role === "owner") return _("{name} is now an owner", { name });
      if (role === "viewer") return _("{name} is now a viewer", { name });
      return _("{name} is now a member", { name });
    },
    left: (_item, name, by) =>
      by && by !== name
        ? _("{name} was removed by {by}", { name, by })
        : _("{name} left", { name }),
    linked: (_item, _name, _by, place) => _("{place} follows this session", { place }),
    unlinked: (_item, _name, _by, place) => _("{place} no longer follows this session", { place }),
    cancelled: ({ who }, name) => (who ? _("Stopped by {name}", { name }) : _("Stopped")),
    failed({ reason, again }) {
      const why = reason?.replace(/\.$/, "");
      if (!why)
        return again
          ? _("The agent could not answer. It is tried again.")
          : _("The agent could not answer.");
      return again
        ? _("The agent could not answer: {why}. It is tried again.", { why })
        : _("The agent could not answer: {why}.", { why });
    },
    abandoned: ({ reason }) =>
      reason === "shutdown"
        ? _("The bridge restarted; the answer goes on.")
        : _("The answer was cut off; it is tried again."),
    expired: ({ text }) => _("Nobody answered in time: {text}", { text }),
    withdrawn: ({ text }) => _("No longer needed: {text}", { text }),
    setting({ who, name: setting, value }, name) {
      const [, opened] = setting.match(/^may:(.+)$/) ?? [];
      if (opened) return opens(opened, value === "members", who && name);
      return who
        ? _("{name} set {setting} to “{value}”", { name, setting, value })
        : _("Set {setting} to “{value}”", { setting, value });
    },
    scheduled: ({ who, text }, name) =>
      who ? _("{name} scheduled: {text}", { name, text }) : _("Scheduled: {text}", { text }),
    paused: ({ text }) => _("Paused the schedule: {text}", { text }),
    resumed: ({ text }) => _("Resumed the schedule: {text}", { text }),
    changed: ({ who, text }, name) =>
      who
        ? _("{name} changed a schedule: {text}", { name, text })
        : _("Changed a schedule: {text}", { text }),
    begun: ({ text }) => _("In the background from now on: {text}", { text }),
    halted: ({ who }, name) =>
      who
        ? _("{name} stopped work in the background", { name })
        : _("Work in the background was stopped"),
    unscheduled: ({ who }, name) =>
      who ? _("{name} removed a schedule", { name }) : _("A schedule was removed"),
    noted: ({ text }) => _("Noted: {text}", { text }),
    forked: () => _("This session began as a copy of another."),
    undone: (_item, name) =>
      _("{name} took back the last exchange: the agent does not remember it", { name }),
    archived: ({ who }, name) => (who ? _("Archived by {name}", { name }) : _("Archived")),
    triggered: ({ text }) => _("Asked of the agent: {text}", { text }),
  },

  said: (name, place) => (place ? _("{name}, {place}", { name, place }) : name),
  announced: (who, text) => _("{who}: {text}", { who, text }),
};

/** @param {string} setting @param {boolean} toMembers @param {string | null} name  of who did it */
function opens(setting, toMembers, name) {
  if (!name)
    return toMembers
      ? _("The bridge lets owners and members change the {setting}", { setting })
      : _("The bridge lets only owners change the {setting}", { setting });
  return toMembers
    ? _("{name} lets owners and members change the {setting}", { name, setting })
    : _("{name} lets only owners change the {setting}", { name, setting });
}
