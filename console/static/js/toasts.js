// Short lines in the corner: what was done, what was refused. Never a modal.
import { byId } from "./page.js";

const STAY_MS = 12000;

export function toast(words, tone = "green", ...more) {
  const line = document.createElement("div");
  line.className = `toast-line tone-${tone}`;
  const text = document.createElement("span");
  text.textContent = words;
  line.append(text, ...more);
  byId("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), STAY_MS);
}
