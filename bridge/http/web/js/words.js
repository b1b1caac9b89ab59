/** Every text the page itself writes. One catalogue, so that it reads in one voice. */

export const WORDS = {
  someone: "Someone",
  agent: "Agent",
  bridge: "Bridgehead",
  you: "You",
  yourself: "yourself",
  isYou: "(you)",
  today: "Today",
  yesterday: "Yesterday",
  untitled: "Untitled session",

  replaceSignIn:
    "You are signed in here. The link that you opened signs you in as someone else, or with another" +
    " token. Use it only if you know where it comes from.",
  leadsTo: (host) => ` (${host})`,

  reply: "Reply",
  replyTo: (name) => `Reply to ${name}`,
  answering: (name) => `Answering ${name}`,
  dropReply: "Do not quote",
  copy: "Copy",
  copied: "Copied",
  edited: "edited",
  overheard: "overheard",
  deleted: "This message was deleted.",
  redacted: "The words of this message were taken out of the log.",
  unseen: "an earlier message",
  transcript: "Transcript",

  files: "Files",
  kinds: { image: "picture", voice: "voice message", audio: "sound", video: "film", file: "file" },
  fileNamed: (kind, name) => `${kind ?? "file"} ${name}`,
  openPicture: (name) => `${name}, opens in a new tab`,
  saveFile: (name, size) => `Save ${name}, ${size}`,
  addFiles: "Add files",
  removeFile: (name) => `Remove ${name}`,
  tryAgain: "Try again",
  tryFileAgain: (name) => `Try again to send ${name}`,
  uploading: (name) => `Sending ${name}`,
  fileReady: (name) => `${name} is ready to be sent`,
  fileFailed: (name, why) => `${name}: ${why}`,
  noConnection: "Not sent: the bridge cannot be reached. Try again once you are connected.",
  emptyFile: "Not sent: this file is empty.",
  largeFile: (most) => `Not sent: ${most} are the most.`,
  tooManyFiles: (most) => `A message carries ${most} files at most; the others were left out.`,
  filesMissing: "Not sent yet: a file did not arrive. Try it again, or remove it.",
  filesComing: "Goes out as soon as the files are there.",
  noFilesInCommand: "A command takes no files. Send it by itself, or remove them.",
  dropHere: "Let go to add it to your message",

  pending: "Waiting to be sent",
  sending: "Sending",
  private: "Only you see this",
  notSent: "Not sent",
  dismiss: "Dismiss",

  working: "Working",
  interim: "on the way",
  toolRunning: "running",
  toolFailed: "failed",
  toolDone: "done",
  toolCut: "interrupted, outcome unknown",
  toolInput: "Arguments",
  toolResult: "Result",

  question: "Question",
  approval: "Approval needed",
  closed: "closed",
  exactCall: "The exact call",
  yourAnswer: "Your answer",
  answer: "Answer",
  answeredBy: (answer, name, place) =>
    `${name} answered “${answer}”${place ? ` · ${place}` : ""}`,
  answered: (answer) => `Answered: “${answer}”`,
  expired: "Nobody answered in time.",
  withdrawn: "The question was withdrawn.",
  expires: (when) => `Open until ${when}`,
  askedOf: (names) => `Asked of ${names}`,

  states: {
    idle: "Idle",
    running: "Working",
    waiting: "Waiting for an answer",
    archived: "Archived",
  },
  connections: {
    connecting: "Connecting…",
    connected: "Connected",
    reconnecting: "Reconnecting…",
    offline: "Offline",
  },
  offlineBar: "You are offline. What you write is kept here and sent once you are back.",
  reconnectingBar: "The connection is gone for a moment. Nothing is lost; coming back…",
  backOnline: "Connected again.",
  lostSession: "This session is not there any more, or you are no longer part of it.",
  stopFailed: "The bridge could not be reached, so nothing was stopped.",
  unreachable: "The bridge cannot be reached just now.",

  typing: (names) =>
    names.length === 1 ? `${names[0]} is writing…` : `${listed(names)} are writing…`,
  present: (names) => `Here now: ${listed(names)}`,
  newMessages: (count) => (count === 1 ? "1 new message" : `${count} new messages`),
  toEnd: "To the end",
  about: (people, places, here) =>
    `${people} ${people === 1 ? "person" : "people"}, ${places} ${places === 1 ? "place" : "places"}. ${here}`,
  away: "not here now",
  somewhere: "another place",
  places: { web: "browser", terminal: "terminal", api: "API" },
  refusedToken:
    "That token is not accepted here. The link that bridge run prints is the one to use.",

  cameFrom: {
    schedule: "schedule",
    webhook: "webhook",
    api: "push",
    background: "background work",
  },

  lines: {
    joined: (item, name) => `${name} joined${item.role === "viewer" ? " as a viewer" : ""}`,
    role: (item, name) => `${name} is now ${item.role === "owner" ? "an owner" : `a ${item.role}`}`,
    left: (item, name, by) => (by && by !== name ? `${name} was removed by ${by}` : `${name} left`),
    linked: (item, name, by, place) => `${place} follows this session`,
    unlinked: (item, name, by, place) => `${place} no longer follows this session`,
    cancelled: (item, name) => (item.who ? `Stopped by ${name}` : "Stopped"),
    failed: (item) => `The agent could not answer${item.reason ? `: ${item.reason}` : "."}`,
    abandoned: (item) =>
      item.reason === "shutdown"
        ? "The bridge restarted; the answer goes on."
        : "The answer was cut off; it is tried again.",
    setting: (item, name) => `${item.who ? `${name} set` : "Set"} ${item.name} to “${item.value}”`,
    scheduled: (item, name) => `${item.who ? `${name} scheduled` : "Scheduled"}: ${item.text}`,
    unscheduled: (item, name) =>
      item.who ? `${name} removed a schedule` : "A schedule was removed",
    noted: (item) => `Noted: ${item.text}`,
    forked: () => "This session began as a copy of another.",
    archived: (item, name) => (item.who ? `Archived by ${name}` : "Archived"),
    triggered: (item) => `Asked of the agent: ${item.text}`,
  },

  said: (name, place) => (place ? `${name}, ${place}` : name),
  announced: (who, text) => `${who}: ${text}`,
};

/** @param {string[]} names */
export function listed(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
