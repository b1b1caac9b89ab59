/**
 * What runs while the page is closed: it shows notifications, and does what is clicked in them.
 *
 * Rules:
 * - Nothing private is kept: of the page only what is shown without a connection, which says
 *   nothing. All else is asked of the bridge each time.
 * - Every word comes from the bridge, in the language of whoever reads it, and is shown as text.
 * - What was not done is said, and nothing is tried again by itself: the page can.
 */

const CACHE = "bridgehead-offline-1";
const OFFLINE = "/web/offline.html";
const KEPT = [OFFLINE, "/web/css/base.css", "/web/mark.svg"];
const ICON = "/web/icons/192.png";
const BADGE = "/web/icons/badge.png";
const DEED_MS = 20_000;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
});

addEventListener("activate", (event) => event.waitUntil(begin()));

async function begin() {
  const others = (await caches.keys()).filter((name) => name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
  await clients.claim();
}

addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
});

/** Return the page, or what says that it cannot be had. @param {Request} request */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(OFFLINE);
    if (kept) return kept;
    throw error;
  }
}

addEventListener("push", (event) => event.waitUntil(told(event.data)));

/** Show what came: a browser takes back its leave where nothing is shown. */
async function told(data) {
  let what = {};
  try {
    what = data.json();
  } catch {
    // it was not ours, or is of another version
  }
  const { title = "Bridgehead", body = "", tag = "bridgehead", lang = "", actions = [] } = what;
  await registration.showNotification(title, {
    body,
    tag,
    lang,
    renotify: true,
    icon: ICON,
    badge: BADGE,
    actions: actions.map(({ action, title: name, type }) => ({ action, title: name, type })),
    data: {
      session: what.session,
      seq: what.seq,
      failed: what.failed,
      title,
      deeds: Object.fromEntries(actions.map(({ action, deed }) => [action, deed])),
    },
  });
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { data, tag } = event.notification;
  const deed = data?.deeds?.[event.action];
  const words = event.reply ?? "";
  const isOpening = !deed || (event.action === "reply" && !words);
  event.waitUntil(isOpening ? opened(data ?? {}) : done(deed, words, data, tag));
});

/** Bring the page to where the notification is about. */
async function opened({ session, seq }) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const each of pages.filter(({ url }) => new URL(url).pathname === "/")) {
    try {
      await each.focus();
      each.postMessage({ session, seq });
      return;
    } catch {
      // another one, or a new one
    }
  }
  const at = session ? `#session=${encodeURIComponent(session)}&at=${Number(seq)}` : "";
  await clients.openWindow(`/${at}`);
}

/** Do what was clicked, and say so where it was not done. */
async function done(deed, words, data, tag) {
  let why = data.failed;
  try {
    const response = await fetch("/push-deed", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ deed, words }),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(DEED_MS),
    });
    if (response.ok) return;
    if (response.status === 403) why = (await response.json()).error.message || why;
  } catch {
    // it is said that it was not done
  }
  const { session, seq, failed, title } = data;
  const about = { session, seq, failed, title, deeds: {} };
  await registration.showNotification(title, { body: why, tag, icon: ICON, badge: BADGE, data: about });
}
