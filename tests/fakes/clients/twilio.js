// Twilio's own client: it sends, fetches and deletes a message, and asks for nothing there is.
const twilio = require("twilio");
const [url, sid, token, from, to] = process.argv.slice(2);
const client = twilio(sid, token);
client.api.baseUrl = url;
(async () => {
  const sent = await client.messages.create({ from, to, body: "pong" });
  console.log((await client.messages(sent.sid).fetch()).body);
  console.log(await client.messages(sent.sid).remove());
  await client.messages(sent.sid).fetch().catch((e) => console.log(e.code));
  await client.api.v2010.accounts(sid).calls("CA" + "0".repeat(32)).fetch()
    .catch((e) => console.log(e.status, e.code));
  console.log("done");
})();
