// The labelling page: keys, buttons and the hand on the picture do the same few things.
import { largeEnough, moved, resized } from "./boxes.js";
import { byId, showBanner, showBoxes, showClasses, showCounts, showFacts, showSaved } from "./panels.js";
import { Saving } from "./saving.js";
import { Stage } from "./stage.js";
import { Work } from "./work.js";

const STEP_SHARE = 1 / 400;
const ADDED = [0.4, 0.4, 0.6, 0.6];
const ARROWS = { ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowDown: [0, 1] };
const SAYS = {
  label: "有的框还没有类别: 选中它, 按数字键 A box has no class yet: choose it and press a number",
  empty: "没有框: 什么也没有请按 N No box: press N if nothing is here",
  all: "全部标完 All done",
  away: "连不上本机程序, 未保存, 正在重试 patrol label does not answer: not saved, trying again",
  picture: "图片打不开: 请跳过 This picture cannot be shown: skip it",
  small: "框太小, 没有画上 Too small a box, not drawn",
};

const data = JSON.parse(byId("page-data").textContent);
if (data.pictures.length) start();
else {
  byId("empty").hidden = false;
  byId("stage").remove();
  byId("actions").hidden = true;
}

function start() {
  const saving = new Saving({ saved, refused, away: () => showBanner(SAYS.away) });
  const work = new Work(data, (picture) => {
    showSaved("amber", "保存中 saving …");
    saving.keep(picture);
  });
  const stage = new Stage(byId("stage"), work, { choose, add, change });

  function saved() {
    if (byId("banner").textContent === SAYS.away) showBanner("");
    if (!saving.waiting.size) showSaved("green", `已保存 saved ${new Date().toLocaleTimeString("zh-CN", { hour12: false })}`);
  }

  function refused(words, status) {
    showSaved("red", "未保存 not saved");
    showBanner(status === 409 ? `${words} · 请刷新页面 reload the page` : words);
  }

  function redraw() {
    showFacts(work);
    showClasses(work, name);
    showBoxes(work, choose);
    showCounts(work);
    stage.draw();
  }

  function go(index) {
    work.go(index);
    stage.stop();
    stage.show(work.picture, () => showBanner(SAYS.picture));
    redraw();
  }

  function goOpen() {
    const next = work.nextOpen(work.at);
    if (next < 0) showBanner(SAYS.all);
    go(next < 0 ? work.at : next);
  }

  function choose(index) {
    work.chosen = index;
    redraw();
  }

  function name(label) {
    work.className = label;
    if (work.box) work.edit((boxes) => { boxes[work.chosen].label = label; });
    redraw();
  }

  function add(xyxy) {
    if (!largeEnough(xyxy, data.least_side)) return showBanner(SAYS.small);
    showBanner("");
    work.edit((boxes) => boxes.push({ label: work.className, xyxy }));
    choose(work.boxes.length - 1);
  }

  function change(index, xyxy, kind) {
    if (largeEnough(xyxy, data.least_side)) work.edit((boxes) => { boxes[index].xyxy = xyxy; }, kind);
    redraw();
  }

  function remove() {
    if (!work.box) return;
    work.edit((boxes) => boxes.splice(work.chosen, 1));
    choose(-1);
  }

  function settle(status, boxes) {
    work.settle(status, boxes);
    showBanner("");
    goOpen();
  }

  function done() {
    const unnamed = work.boxes.findIndex((box) => box.label === null);
    if (unnamed >= 0) {
      choose(unnamed);
      showBanner(SAYS.label);
    } else if (work.boxes.length) settle("done");
    else if (!work.picture.shown || work.picture.now.status === "nothing") settle("nothing", []);
    else showBanner(SAYS.empty);
  }

  function proposed() {
    const seen = work.picture.seen ?? [];
    if (seen.length) work.edit((boxes) => boxes.splice(0, boxes.length, ...seen.map((box) => ({ ...box }))));
    choose(-1);
  }

  function chooseNext(step) {
    const count = work.boxes.length;
    if (count) choose((work.chosen + step + (work.chosen < 0 && step < 0 ? 1 : 0) + count) % count);
  }

  function back(step) {
    step();
    redraw();
  }

  const DEEDS = {
    done, remove, proposed,
    nothing: () => settle("nothing", []),
    skip: () => settle("skipped"),
    previous: () => go(work.at - 1),
    next: () => go(work.at + 1),
    open: goOpen,
    undo: () => back(() => work.undo()),
    redo: () => back(() => work.redo()),
    add: () => add([...ADDED]),
    before: () => chooseNext(-1),
    after: () => chooseNext(1),
    help: () => byId("help").showModal(),
    leave: () => stage.stop() || choose(-1),
  };
  const KEYS = {
    Enter: "done", " ": "done", n: "nothing", s: "skip", j: "next", k: "previous", o: "open", u: "undo", r: "redo",
    a: "add", x: "remove", Delete: "remove", Backspace: "remove", p: "proposed", ",": "before", ".": "after",
    "?": "help", Escape: "leave",
  };

  // An arrow moves the chosen box, with Shift its lower right corner; without a box, it turns pages.
  function arrow(key, withShift) {
    const [x, y] = ARROWS[key];
    if (!work.box) return go(work.at + (x || y));
    const by = [x * STEP_SHARE, y * STEP_SHARE];
    const at = work.box.xyxy;
    change(work.chosen, withShift ? resized(at, [1, 1], ...by) : moved(at, ...by), `${key}${withShift}${work.chosen}`);
  }

  document.addEventListener("keydown", (event) => {
    if (byId("help").open || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      const deed = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[key];
      if (!deed) return;
      event.preventDefault();
      DEEDS[deed]();
      return;
    }
    if ((key === "Enter" || key === " ") && event.target.closest?.("button, a")) return;
    const digit = Number(key);
    const named = digit >= 1 && data.names[digit - 1];
    if (!named && !KEYS[key] && !ARROWS[key]) return;
    event.preventDefault();
    if (ARROWS[key]) arrow(key, event.shiftKey);
    else if (named) name(named.name);
    else if (!event.repeat || ["next", "previous"].includes(KEYS[key])) DEEDS[KEYS[key]]();
  });
  document.addEventListener("click", (event) => {
    const deed = event.target.closest?.("[data-do]")?.dataset.do;
    if (deed) DEEDS[deed]();
  });
  byId("help-open").addEventListener("click", DEEDS.help);
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  });
  go(work.at);
}
