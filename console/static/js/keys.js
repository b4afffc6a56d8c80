// The keyboard: two keys decide the usual case.
import { act, asking, buttonFor, cancel, undoByKey } from "./decisions.js";
import { step, stepTab } from "./desk.js";
import { showPicture, toggleBoxes, togglePlay } from "./media.js";
import { byId } from "./page.js";

const typing = (target) => target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea");

const MOVES = {
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  "[": () => stepTab(-1),
  "]": () => stepTab(1),
  b: toggleBoxes,
  " ": togglePlay,
  u: undoByKey,
  "/": () => byId("search")?.focus(),
  "?": () => byId("help").showModal(),
};

// The search box lets go: down and Enter choose what it found, Escape leaves it as it is.
function leaveSearch(event) {
  if (event.target.id !== "search" || !["ArrowDown", "Enter", "Escape"].includes(event.key)) return false;
  event.preventDefault(); // the browser's own Escape would empty it
  event.target.blur();
  if (event.key !== "Escape") byId("search").dispatchEvent(new Event("search-done", { bubbles: true }));
  return true;
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (leaveSearch(event)) return;
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
