// News from the server (server-sent events), and the banner when there are none.
import { clockWords } from "./clock.js";
import { byId, heartbeatMs, now, say, setNow, tell } from "./page.js";

const SILENCE = 2.5; // heartbeats without a word until the server counts as gone
const GATHER_MS = 300; // news that come closer together are told once
const GATHER_CAMERAS_MS = 2000; // a hundred cameras report all the time
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
const EVENTS = ["hello", "tick", "cases", "cameras", "looks"];

const looks = document.body.classList.contains("on-wall");

let line = null; // how news come: over the browser's one stream, or over one of this window's own
let heardAt = 0; // this machine's clock, only for the silence
let lastNews = null; // the server's clock
let readAt = now(); // when anything on show was last read anew

// What was asked for last without an answer: parts of the page that are read again and again, and
// anything else as one, which the next answer of whatever clears.
const READ_AGAIN = ["case", "queue", "counts", "tiles", "board", "maintenance", "messages", "troubles"];
const unanswered = new Set();
const partOf = (detail) => READ_AGAIN.find((id) => id === detail?.ctx?.target?.id) ?? "other";

// The light tells of both ways: news that come, and requests that are answered.
function light() {
  const lost = document.body.classList.contains("gone");
  document.body.classList.toggle("unanswered", unanswered.size > 0 && !lost);
  byId("live-word").textContent = say(lost ? "js.gone" : unanswered.size ? "js.late" : "js.live");
}

function heard(data) {
  heardAt = Date.now();
  const news = JSON.parse(data);
  setNow(news.now);
  lastNews = now();
  if (document.body.classList.contains("gone")) back();
  light();
  return news;
}

function back() {
  document.body.classList.remove("gone");
  document.body.classList.toggle("has-banner", unanswered.size > 0);
  if (unanswered.size) banner(say("js.unread", { at: clockWords(readAt) }));
  else byId("banner").hidden = true;
}

function banner(words) {
  document.body.classList.add("has-banner");
  byId("banner-words").textContent = words;
  byId("banner").hidden = false;
}

function gone() {
  if (document.body.classList.contains("gone")) return;
  document.body.classList.add("gone");
  banner(say("js.banner", { at: lastNews === null ? say("js.no_news") : clockWords(lastNews) }));
  light();
}

// Collects news for `ms` and tells them at once.
function gatherer(name, ms) {
  const waiting = new Map();
  // biome-ignore lint/correctness/noUnusedVariables: `??=` asks it each time
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

const TAKE = {
  hello() {
    // What happened while nobody listened, also since the page was made, is unknown: ask again.
    tell("news", []);
    tell("cameras", []);
  },
  tick() {},
  cases({ changes }) {
    for (const change of changes) gatherCase(change.no, change);
  },
  cameras({ cameras }) {
    for (const id of cameras) gatherCamera(id, id);
  },
  looks: (news) => looks && tell("looks", news.looks),
};

function take(name, data) {
  TAKE[name](heard(data));
}

// The stream that all windows of this browser share.
function sharedLine() {
  const hub = new SharedWorker(new URL("./hub.js", import.meta.url), { name: "patrol" });
  hub.port.onmessage = ({ data: { lost, name, data } }) => (lost ? gone() : take(name, data));
  hub.onerror = () => {
    if (line === shared) restart(ownLine); // a browser that refuses it: each window for itself
  };
  hub.port.postMessage({ join: true, looks });
  const shared = {
    again: () => hub.port.postMessage({ again: true }),
    close: () => hub.port.postMessage({ leave: true }),
  };
  return shared;
}

// A stream of this window's own, where windows cannot share.
function ownLine() {
  let source = null;
  let tries = 0;
  let retry = null; // the one attempt that waits, if one does
  const close = () => {
    clearTimeout(retry);
    retry = null;
    source?.close();
  };
  const connect = () => {
    close();
    source = new EventSource(looks ? "/api/stream?looks=true" : "/api/stream");
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        tries = 0;
        take(name, event.data);
      });
    }
    source.onerror = () => {
      close();
      gone();
      retry = setTimeout(connect, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)]);
      tries += 1;
    };
  };
  connect();
  return { again: connect, close };
}

function restart(make = sharedLine) {
  line?.close();
  heardAt = Date.now();
  try {
    line = make();
  } catch {
    line = ownLine(); // there is no such worker here, or it is forbidden
  }
}

function stop() {
  line?.close();
  line = null;
}

// The server lives but cannot read, or does not answer: what is on show stands still though the
// stream is fine.
function unread({ detail }) {
  unanswered.add(partOf(detail));
  if (!document.body.classList.contains("gone")) banner(say("js.unread", { at: clockWords(readAt) }));
  light();
}

function read({ detail }) {
  unanswered.delete(partOf(detail));
  unanswered.delete("other");
  if (!unanswered.size) readAt = now();
  if (!document.body.classList.contains("gone")) back();
  light();
}

export function startStream() {
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx?.response?.status >= 500) unread(event);
  });
  document.addEventListener("htmx:error", (event) => event.detail.ctx && unread(event)); // no answer
  document.addEventListener("htmx:after:swap", (event) => {
    if (!(event.detail.ctx?.response?.status >= 400)) read(event);
  });
  document.body.addEventListener("unanswered", unread);
  document.body.addEventListener("answered", read);
  if (!document.hidden) restart();
  setInterval(() => {
    if (document.hidden || Date.now() - heardAt <= heartbeatMs * SILENCE) return;
    heardAt = Date.now(); // the next try gets the same patience
    gone();
    line?.again();
  }, 1000);
  // A hidden page asks for everything when it is seen again, and for nothing before.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : restart()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", ({ persisted }) => persisted && !document.hidden && restart());
}
