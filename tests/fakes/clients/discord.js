// A bot of discord.js: it answers "ping" with "pong", reacts, edits, and asks for nothing there is.
const { Client, GatewayIntentBits, Partials } = require("discord.js");
const [url, token] = process.argv.slice(2);
const client = new Client({
  intents: [
    GatewayIntentBits.Guilds,
    GatewayIntentBits.GuildMessages,
    GatewayIntentBits.MessageContent,
    GatewayIntentBits.DirectMessages,
  ],
  partials: [Partials.Channel],
  rest: { api: url, version: "10", retries: 0 },
});
client.on("messageCreate", async (message) => {
  if (message.author.bot) return;
  const sent = await message.reply("pong");
  await sent.edit("pong!");
  await message.react("👍");
  await client.rest.get("/no/such/path").catch((e) => console.log(e.status, e.code));
});
client.once("clientReady", () => console.log("ready"));
client.login(token);
