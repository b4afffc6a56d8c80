// The stage: boxes on and off, the clip played in place of the picture.
import { byId, say } from "./page.js";
import { toast } from "./toasts.js";

const holder = () => byId("case");
const clip = () => holder()?.querySelector("video.clip");

// Labels are as large on the screen whatever the size of the picture.
const LABEL_PX = 14;

function sizeLabels() {
  const overlay = holder()?.querySelector("svg.overlay");
  const scale = overlay?.getScreenCTM()?.a;
  if (scale) overlay.style.fontSize = `${LABEL_PX / scale}px`;
}

export function sync() {
  sizeLabels();
  const pressed = { boxes: !holder()?.classList.contains("boxes-off"), play: playing() };
  for (const [name, on] of Object.entries(pressed)) {
    holder()?.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(on));
  }
}

function playing() {
  const video = clip();
  return Boolean(video && !video.paused && !video.ended);
}

export function toggleBoxes() {
  holder().classList.toggle("boxes-off");
  sync();
}

export function togglePlay() {
  const video = clip();
  if (!video) return;
  if (playing()) {
    video.pause();
    return;
  }
  holder().classList.add("playing");
  video.play().catch((error) => {
    if (error.name !== "AbortError") unplayable();
  });
}

export function showPicture() {
  clip()?.pause();
  holder()?.classList.remove("playing");
  sync();
}

function unplayable() {
  holder().classList.remove("playing");
  toast(say("js.unplayable"), "red");
}

function moveHead(video) {
  const head = holder().querySelector(".track .head");
  if (head && video.duration) head.setAttribute("x", String((video.currentTime / video.duration) * 997));
}

export function startMedia() {
  if (!holder()) return;
  sync();
  new ResizeObserver(sizeLabels).observe(holder());
  // Media events do not bubble, hence the capture.
  for (const name of ["play", "pause", "ended"]) holder().addEventListener(name, sync, true);
  holder().addEventListener("ended", showPicture, true);
  holder().addEventListener("timeupdate", (event) => moveHead(event.target), true);
  holder().addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-do]")?.dataset.do;
    if (wanted === "boxes") toggleBoxes();
    if (wanted === "play") togglePlay();
    if (event.target.closest("#print")) print();
  });
}
