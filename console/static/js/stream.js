// News from the server (server-sent events), and the banner when there are none.
import { clockWords } from "./clock.js";
import { byId, heartbeatMs, now, say, setNow, tell } from "./page.js";

const SILENCE = 2.5; // heartbeats without a word until the server counts as gone
const GATHER_MS = 300; // news that come closer together are told once
const GATHER_CAMERAS_MS = 2000; // a hundred cameras report all the time
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];

let source;
let tries = 0;
let heardAt = 0; // this machine's clock, only for the silence
let lastNews = null; // the server's clock
let readAt = now(); // when anything on show was last read anew
let retry = null; // the one attempt that waits, if one does

function live(words) {
  byId("live-word").textContent = words;
}

function heard(event) {
  heardAt = Date.now();
  tries = 0;
  const news = JSON.parse(event.data);
  setNow(news.now);
  lastNews = now();
  if (document.body.classList.contains("gone")) back();
  live(say("js.live"));
  return news;
}

function back() {
  document.body.classList.remove("gone", "has-banner");
  byId("banner").hidden = true;
}

function gone() {
  if (document.body.classList.contains("gone")) return;
  document.body.classList.add("gone", "has-banner");
  const at = lastNews === null ? say("js.no_news") : clockWords(lastNews);
  byId("banner-words").textContent = say("js.banner", { at });
  byId("banner").hidden = false;
  live(say("js.gone"));
}

function reconnect() {
  source.close();
  gone();
  if (retry !== null) return;
  retry = setTimeout(connect, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)]);
  tries += 1;
}

// Collects news for `ms` and tells them at once.
function gatherer(name, ms) {
  const waiting = new Map();
  let timer = null;
  return (key, news) => {
    waiting.set(key, news);
    timer ??= setTimeout(() => {
      timer = null;
      const all = [...waiting.values()];
      waiting.clear();
      tell(name, all);
    }, ms);
  };
}

const gatherCase = gatherer("news", GATHER_MS);
const gatherCamera = gatherer("cameras", GATHER_CAMERAS_MS);

function connect() {
  retry = null;
  const wall = document.body.classList.contains("on-wall");
  source = new EventSource(wall ? "/api/stream?looks=true" : "/api/stream");
  source.addEventListener("hello", (event) => {
    heard(event);
    // What happened while nobody listened, also since the page was made, is unknown: ask again.
    tell("news", []);
    tell("cameras", []);
  });
  source.addEventListener("tick", heard);
  source.addEventListener("cases", (event) => {
    for (const change of heard(event).changes) gatherCase(change.no, change);
  });
  source.addEventListener("cameras", (event) => {
    for (const id of heard(event).cameras) gatherCamera(id, id);
  });
  source.addEventListener("looks", (event) => tell("looks", heard(event).looks));
  source.onerror = reconnect;
}

// The server lives but cannot read: what is on show stands still though the stream is fine.
function unread({ detail }) {
  if (detail.ctx?.response?.status < 500 || document.body.classList.contains("gone")) return;
  document.body.classList.add("has-banner");
  byId("banner-words").textContent = say("js.unread", { at: clockWords(readAt) });
  byId("banner").hidden = false;
}

function read({ detail }) {
  if (detail.ctx?.response?.status >= 400) return;
  readAt = now();
  if (!document.body.classList.contains("gone")) back();
}

export function startStream() {
  document.addEventListener("htmx:response:error", unread);
  document.addEventListener("htmx:after:swap", read);
  heardAt = Date.now();
  if (!document.hidden) connect();
  setInterval(() => {
    if (document.hidden) return;
    if (Date.now() - heardAt > heartbeatMs * SILENCE) {
      heardAt = Date.now(); // the next try gets the same patience
      reconnect();
    }
  }, 1000);
  // A browser opens six connections to a server and no more: a hidden page must not hold one.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(retry);
    retry = null;
    source?.close();
    heardAt = Date.now();
    if (!document.hidden) connect();
  });
  addEventListener("pagehide", () => {
    clearTimeout(retry);
    source?.close();
  });
}
