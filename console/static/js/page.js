// What the server gave this page: its words, its clock, its zone.
const data = JSON.parse(document.getElementById("page-data").textContent);

export const zone = data.zone;
export const heartbeatMs = data.heartbeat_s * 1000;
export const byId = (id) => document.getElementById(id);

export function say(key, values = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function tell(name, detail) {
  document.body.dispatchEvent(new CustomEvent(name, { detail }));
}

// The server's clock, not this machine's, which may be wrong.
let offsetMs = Date.parse(data.now) - Date.now();

export function now() {
  return Date.now() + offsetMs;
}

export function setNow(iso) {
  offsetMs = Date.parse(iso) - Date.now();
}
