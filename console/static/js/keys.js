// The keyboard: two keys decide the usual case.
import { act, asking, buttonFor, cancel, undoByKey } from "./decisions.js";
import { step } from "./desk.js";
import { showPicture, toggleBoxes, togglePlay } from "./media.js";
import { byId } from "./page.js";

const typing = (target) => target.closest?.("input:not([type=radio]), select, textarea");

const MOVES = {
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  b: toggleBoxes,
  " ": togglePlay,
  u: undoByKey,
  "/": () => byId("search")?.focus(),
  "?": () => byId("help").showModal(),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.key === "Escape") {
    event.target.blur?.();
    if (asking()) cancel();
    else if (byId("case")) showPicture();
    return;
  }
  if (typing(event.target)) return;
  if (event.key === " " && event.target.closest?.("button, video, input")) return;
  if (event.key === "Enter" && event.target.closest?.("button, a, video")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const button = byId("actions") && buttonFor(key);
  const move = MOVES[key];
  if (!button && (!move || (!byId("case") && key !== "?"))) return;
  event.preventDefault();
  if (event.repeat && (button || key === "u")) return; // a key held down moves, and decides once
  if (button) act(button);
  else move();
}

export function startKeys() {
  document.addEventListener("keydown", pressed);
  byId("help-open").addEventListener("click", () => byId("help").showModal());
}
