// The wall: pictures change when there is a newer look, and never look newer than they are.
import { ageWords, write } from "./clock.js";
import { now, say, tell } from "./page.js";

const newest = new Map(); // camera id → time of the newest look told of
const fetching = new Set();
const inSight = new Set();
const tileOf = (id) => document.getElementById(`tile-${id}`);

// Only tiles in sight are fetched, one picture at a time each: a slow line must not queue up.
function fetchLook(id) {
  const tile = tileOf(id);
  const at = newest.get(id);
  if (!tile || !at || tile.dataset.at === at || fetching.has(id) || !inSight.has(id)) return;
  const next = new Image();
  fetching.add(id);
  next.onload = () => {
    show(id, next.src, at);
    fetching.delete(id);
    fetchLook(id);
  };
  next.onerror = () => fetching.delete(id);
  next.src = `/api/cameras/${id}/look.jpg?at=${encodeURIComponent(at)}`;
}

function show(id, source, at) {
  const tile = tileOf(id);
  const shown = tile?.querySelector("img");
  if (!shown) {
    tell("cameras", [id]); // its first picture: the tile is made anew
    return;
  }
  shown.src = source;
  tile.dataset.at = at;
  judge(tile);
}

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const id = target.dataset.camera;
    if (isIntersecting) inSight.add(id);
    else inSight.delete(id);
    fetchLook(id);
  }
}, { rootMargin: "100px" });

function watchTiles() {
  for (const tile of document.querySelectorAll(".tile")) sight.observe(tile);
}

function judge(tile) {
  if (!tile.dataset.at) return;
  const age = (now() - Date.parse(tile.dataset.at)) / 1000;
  const stale = age > Number(tile.dataset.staleAfterS);
  if (tile.classList.contains("stale") !== stale) {
    tile.classList.toggle("stale", stale);
    tell("cameras", [tile.dataset.camera]); // what the tile says of the camera is another thing now
  }
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
    for (const [id, at] of Object.entries(event.detail)) {
      newest.set(id, at);
      fetchLook(id);
    }
  });
  document.body.addEventListener("second", judgeAll);
  document.addEventListener("htmx:after:swap", watchTiles);
  watchTiles();
}
