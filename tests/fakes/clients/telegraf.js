// A bot of Telegraf's: it answers "ping" with "pong" and an album.
const { Telegraf } = require("telegraf");
const [url, token] = process.argv.slice(2);
const bot = new Telegraf(token, { telegram: { apiRoot: url } });
bot.on("text", async (ctx) => {
  await ctx.reply("pong");
  const file = { source: Buffer.from("hello"), filename: "hello.txt" };
  await ctx.replyWithMediaGroup([
    { type: "document", media: file },
    { type: "document", media: file },
  ]);
  await ctx.telegram.callApi("noSuchMethod", {}).catch((e) => console.log(e.code));
});
bot.launch(() => console.log("ready"));
