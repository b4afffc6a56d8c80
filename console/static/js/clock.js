// Everything on the page that time changes: ages, the clock, countdowns.
import { byId, now, say, tell, zone } from "./page.js";

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const IN_TOWN = new Intl.DateTimeFormat("sv-SE", {
  timeZone: zone, dateStyle: "short", timeStyle: "medium",
});

// 2026-11-23 14:32:07.4 in the town's zone.
export function frameWords(ms) {
  return `${IN_TOWN.format(ms)}.${Math.floor((ms % 1000) / 100)}`;
}

// The moment that the town's clocks show as `local` (2026-12-31T18:00), as ISO 8601.
export function momentOf(local) {
  const asUtc = Date.parse(`${local}Z`);
  const shown = Date.parse(`${IN_TOWN.format(asUtc).replace(" ", "T")}Z`);
  return new Date(2 * asUtc - shown).toISOString();
}

export function clockWords(ms) {
  return CLOCK.format(ms);
}

export function ageWords(kind, seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [unit, length] = STEPS.find(([, size]) => whole >= size) ?? STEPS[3];
  return say(`${kind}.${unit}`, { n: Math.floor(whole / length) });
}

export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function ages(at) {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    write(time, ageWords("ago", (at - Date.parse(time.dateTime)) / 1000));
  }
}

function countdowns(at) {
  for (const holder of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(holder.dataset.until) - at) / 1000);
    if (left <= 0) holder.remove();
    else write(holder.querySelector("[data-countdown]"), say("js.seconds", { n: left }));
  }
}

function expectations(at) {
  for (const waiting of document.querySelectorAll("[data-expected]")) {
    const left = Math.round((Date.parse(waiting.dataset.expected) - at) / 1000);
    write(waiting, left >= 1 ? say("clip.pending", { n: left }) : say("clip.soon"));
  }
}

export function startClock() {
  const tick = () => {
    if (document.body.classList.contains("gone")) return; // nothing may look live
    const at = now();
    write(byId("clock"), clockWords(at));
    ages(at);
    countdowns(at);
    expectations(at);
    tell("second", at);
  };
  tick();
  setInterval(tick, 500);
}
