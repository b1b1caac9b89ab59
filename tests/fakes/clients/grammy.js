// A bot of grammY's: it answers "ping" with "pong" and a file, reacts, and looks at the chat.
const { Bot, InputFile } = require("grammy");
const [url, token] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: url } });
bot.on("message:text", async (ctx) => {
  await ctx.reply("pong");
  await ctx.replyWithDocument(new InputFile(Buffer.from("hello"), "hello.txt"));
  await ctx.react("👍");
  console.log((await ctx.getChat()).type);
  const refused = await ctx.api.raw.sendMessage({ chat_id: 1, text: "" }).catch((e) => e);
  console.log(refused.error_code);
});
bot.catch((error) => console.error(error));
bot.start({ allowed_updates: [], onStart: () => console.log("ready") });
