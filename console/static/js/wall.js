// The wall: pictures change when there is a newer look, and never look newer than they are.
import { ageWords, write } from "./clock.js";
import { now, say, tell } from "./page.js";

const tileOf = (id) => document.getElementById(`tile-${id}`);

function fetchLook(id, at) {
  const tile = tileOf(id);
  if (!tile || tile.dataset.at === at) return;
  const shown = tile.querySelector("img");
  if (!shown) {
    tell("cameras", [id]);
    return;
  }
  const next = new Image();
  next.onload = () => {
    shown.src = next.src;
    tile.classList.remove("blank");
    tile.dataset.at = at;
    judge(tile);
  };
  next.src = `/api/cameras/${id}/look.jpg?at=${encodeURIComponent(at)}`;
}

function judge(tile) {
  if (!tile.dataset.at) return;
  const age = (now() - Date.parse(tile.dataset.at)) / 1000;
  const stale = age > Number(tile.dataset.staleAfterS);
  tile.classList.toggle("stale", stale);
  write(tile.querySelector("[data-stale-words]"), stale ? say("stale", { span: ageWords("age", age) }) : "");
  const time = tile.querySelector("[data-age] time");
  time.dateTime = tile.dataset.at;
  write(time, ageWords("ago", age));
}

function judgeAll() {
  for (const tile of document.querySelectorAll(".tile")) judge(tile);
}

export function startWall() {
  if (!document.body.classList.contains("on-wall")) return;
  document.body.addEventListener("looks", (event) => {
    for (const [id, at] of Object.entries(event.detail)) fetchLook(id, at);
  });
  document.body.addEventListener("second", judgeAll);
}
