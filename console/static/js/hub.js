// One stream of news for all windows of a browser (a SharedWorker). A browser opens six connections
// to a server and no more: with a stream for each window, the sixth window's keys did nothing.
// It belongs to no window, so nothing has to be handed over when one closes.
//
// Windows say {join, looks} and {leave}; they are told {name, data} of every event, and {lost} when
// the stream breaks.
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
const EVENTS = ["hello", "tick", "cases", "cameras", "looks"];

const windows = new Map(); // port → whether it wants looks
let source = null;
let withLooks = false;
let news = null; // the server's time in the last event, and when it came: a hello for who comes late
let tries = 0;
let retry = null;

function tell(message) {
  for (const port of windows.keys()) port.postMessage(message);
}

function heard(name, data) {
  tries = 0;
  news = { at: Date.parse(JSON.parse(data).now), came: Date.now() };
  tell({ name, data });
}

function close() {
  clearTimeout(retry);
  retry = null;
  source?.close();
  source = null;
  news = null;
}

function lost() {
  close();
  tell({ lost: true });
  retry = setTimeout(connect, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)]);
  tries += 1;
}

function connect() {
  close();
  withLooks = [...windows.values()].some(Boolean);
  source = new EventSource(withLooks ? "/api/stream?looks=true" : "/api/stream");
  for (const name of EVENTS) source.addEventListener(name, (event) => heard(name, event.data));
  source.onerror = lost;
}

// What happened while nobody listened is unknown to who comes: it asks for everything again.
function greet(port) {
  const now = new Date(news.at + Date.now() - news.came).toISOString();
  port.postMessage({ name: "hello", data: JSON.stringify({ now }) });
}

function join(port, looks) {
  windows.set(port, looks);
  if (source === null ? retry === null : looks && !withLooks) connect();
  else if (news !== null) greet(port);
}

function leave(port) {
  windows.delete(port);
  if (windows.size === 0) close();
}

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.join) join(port, data.looks);
    if (data.again) connect();
    if (data.leave) leave(port);
  };
};
