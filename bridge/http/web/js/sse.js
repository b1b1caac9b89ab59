/**
 * Server-sent events, cut out of a stream of text. Pure.
 *
 * @typedef {{event: string, data: string, id: string}} SseFrame
 */

/** Feed it text as it comes; it returns the frames that are whole. Comments are dropped. */
export class SseParser {
  #rest = "";

  /** @param {string} text @returns {SseFrame[]} */
  push(text) {
    const whole = this.#rest + text;
    // A carriage return at the end may be half of a line end: it waits for what follows.
    const held = whole.endsWith("\r") ? "\r" : "";
    const lines = whole.slice(0, whole.length - held.length).replace(/\r\n?/g, "\n");
    const blocks = lines.split("\n\n");
    this.#rest = blocks.pop() + held;
    return blocks.map(frameOf).filter((frame) => frame !== null);
  }
}

/** @param {string} block @returns {SseFrame | null} */
function frameOf(block) {
  const frame = { event: "message", id: "" };
  const data = [];
  for (const line of block.split("\n")) {
    const [name, value] = fieldOf(line);
    if (name === "data") data.push(value);
    else if (name === "event" || name === "id") frame[name] = value;
  }
  return data.length ? { ...frame, data: data.join("\n") } : null;
}

/** @param {string} line @returns {[string, string]} */
function fieldOf(line) {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
