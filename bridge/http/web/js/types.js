/**
 * The shapes that travel between the modules; docs/http.md and docs/events.md define the wire's.
 *
 * @typedef {{id: string, label: string}} Option
 * @typedef {{kind: string, name: string, mime: string, size: number, media: string}} Attachment
 * @typedef {{text?: string, attachments?: Attachment[]}} Content
 *
 * An event of the log: the fields of its body beside these three.
 * @typedef {{seq: number, at: string, type: string, [field: string]: any}} Event
 *
 * The last events of a log, or the last before one. `standing` is what still matters of what was
 * before them, `more` whether anything was, `offset` where the stream goes on.
 * @typedef {{events: Event[], standing: Event[], offset: string, more: boolean}} Stretch
 *
 * What the log view shows for one or several events. `key` is stable for good; an item that
 * changes is replaced by a new object, so that `===` tells whether it has to be drawn again.
 * @typedef {{key: string, kind: string, seq: number, at: string, [field: string]: any}} Item
 *
 * @typedef {{run: string, revision: number, text?: string, activity?: string}} Preview
 * @typedef {{participant: string, place: string}} Presence
 * @typedef {{previews: Preview[], typing: string[], present: Presence[]}} Frame
 *
 * @typedef {{id: string, name: string, role: string}} Person
 * @typedef {{id: string, label: string, room?: boolean}} Place
 * @typedef {{name: string, text: string}} Command
 * @typedef {{id: string, title: string, state: string, archived?: boolean, offset: string, run: string | null,
 *   participants: Person[], places: Place[], questions: string[], commands: Command[]}} Snapshot
 *
 * One thing typed here and not yet taken by the bridge. `base` is the log's last seq when it was
 * first tried, null before that.
 * @typedef {{id: string, at: string, base: number | null, body: Record<string, any>}} Entry
 *
 * A button below a reply; `text` is what pressing it says.
 * @typedef {{label: string, text: string}} Offered
 * @typedef {{events: number[], offset: string, reply: string | null, buttons?: Offered[],
 *   repeated: boolean}} Answer
 *
 * @typedef {"connecting" | "connected" | "reconnecting" | "offline"} Connection
 */

export {};
