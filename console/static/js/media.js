// The stage: boxes on and off, the clip played in place of the picture.
import { frameWords, write } from "./clock.js";
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
  // The clip has no boxes: while it is on show the switch says so, whatever it will be after.
  const boxes = !onClip() && !holder()?.classList.contains("boxes-off");
  const pressed = { boxes, play: playing() };
  for (const [name, on] of Object.entries(pressed)) {
    holder()?.querySelector(`[data-do="${name}"]`)?.setAttribute("aria-pressed", String(on));
  }
}

const onClip = () => Boolean(holder()?.classList.contains("playing"));

function playing() {
  const video = clip();
  return Boolean(video && !video.paused && !video.ended);
}

export function toggleBoxes() {
  if (onClip()) {
    toast(say("js.no_boxes"), "grey");
    return;
  }
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

// While the clip is on show its label tells when the very frame was taken.
function labelFrame(video, mediaTime) {
  const label = holder().querySelector("[data-frame-from]");
  if (label && video === clip()) write(label, frameWords(Date.parse(label.dataset.frameFrom) + mediaTime * 1000));
}

const followed = new WeakSet();

function follow(video) {
  labelFrame(video, video.currentTime);
  if (followed.has(video) || !video.requestVideoFrameCallback) return;
  followed.add(video);
  const shown = (_, { mediaTime }) => {
    labelFrame(video, mediaTime);
    if (video.isConnected) video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
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
  holder().addEventListener("play", (event) => follow(event.target), true);
  for (const name of ["timeupdate", "seeked"]) {
    holder().addEventListener(name, ({ target }) => {
      moveHead(target);
      if (!target.requestVideoFrameCallback) labelFrame(target, target.currentTime);
    }, true);
  }
  holder().addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-do]")?.dataset.do;
    if (wanted === "boxes") toggleBoxes();
    if (wanted === "play") togglePlay();
    if (event.target.closest("#print")) print();
  });
}
