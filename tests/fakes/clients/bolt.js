// An app of Bolt's in Socket Mode: it answers a direct "ping" with "pong" by a stream, and reacts.
const { App, LogLevel } = require("@slack/bolt");
const [url, token, appToken] = process.argv.slice(2);
const app = new App({
  token,
  appToken,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: url, retryConfig: { retries: 0 } },
});
app.message("ping", async ({ message, client, say }) => {
  console.log(message.channel_type);
  await say({ text: "pong", blocks: [{ type: "markdown", text: "pong" }] });
  const there = { channel: message.channel };
  await client.reactions.add({ ...there, name: "eyes", timestamp: message.ts });
  await client.reactions.remove({ ...there, name: "eyes", timestamp: message.ts });
  await client.reactions.add({ ...there, name: "white_check_mark", timestamp: message.ts });
  const opened = await client.conversations.open({ users: message.user });
  console.log(opened.channel.id === message.channel);
  const stream = { ...there, thread_ts: message.ts, markdown_text: "one " };
  const { ts } = await client.chat.startStream(stream);
  await client.chat.appendStream({ ...there, ts, markdown_text: "two" });
  await client.chat.stopStream({ ...there, ts });
  await client.apiCall("no.such", {}).catch((e) => console.log(e.data.error));
});
app.start().then(() => console.log("ready"));
