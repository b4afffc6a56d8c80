// The queue and the chosen case: choosing, filtering, refreshing in place.
import { byId, say, tell } from "./page.js";
import { showPicture, sync } from "./media.js";

const WIDE = matchMedia("(min-width: 901px)");
const TYPING_MS = 250;
const REFRESH_MS = 15000; // what no news tells of: reviews that fall due, clips that never come

const rows = () => [...document.querySelectorAll("#rows .row-link")];
const rowOf = (no) => rows().find((row) => row.dataset.no === no);

let chosen = null; // the number of the case on show
let coming = null; // the number of the case that is on its way
let listY = 0; // how far a phone had scrolled the queue
let place = 0; // where in the queue it was, for when it has left
let sought = null; // the filters whose first case is to be shown as soon as it is listed

export const chosenNo = () => chosen;
export const shownNo = () => byId("case-body")?.dataset.no ?? null;

export function caseVersion() {
  return Number(byId("case-body").dataset.version);
}

function mark() {
  for (const row of rows()) {
    if (row.dataset.no === chosen) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  const index = rows().findIndex((row) => row.dataset.no === chosen);
  if (index >= 0) place = index;
}

function query() {
  return new URLSearchParams([...new FormData(byId("filters"))].filter(([name, value]) =>
    value !== "" || name === "group"));
}

// What the queue is narrowed down to, whichever case is on show.
function filtersOf(asked) {
  return String(new URLSearchParams([...asked].filter(([name]) => !["case", "limit"].includes(name))));
}

function address() {
  const wanted = query();
  wanted.delete("limit");
  return `/desk?${wanted}`;
}

async function show(no) {
  coming = no;
  await htmx.ajax("GET", `/desk/cases/${no}`, { source: "#case", target: "#case", swap: "innerHTML" });
  if (coming === no) coming = null;
  if (shownNo() !== no) return; // another was chosen meanwhile, or its answer never came: asked for again
  byId("case").scrollTop = 0;
  if (!WIDE.matches) scrollTo(0, 0);
  document.title = document.title.replace(/^.*? · /, `${byId("case-body").dataset.title} · `);
}

export function choose(no, { remember = true } = {}) {
  if (!byId("desk")) return undefined;
  sought = null;
  showPicture();
  chosen = no;
  byId("chosen").value = no;
  if (byId("desk").dataset.view === "list") listY = scrollY;
  byId("desk").dataset.view = "case";
  mark();
  rowOf(no)?.scrollIntoView({ block: "nearest" });
  tell("chosen", no);
  if (remember) history.pushState({ no }, "", address());
  return show(no);
}

export function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.no === chosen);
  // A case that has left the queue leaves its place to the one that moved up.
  const next = at >= 0 ? at + by : by > 0 ? place : place - 1;
  if (next >= all.length) byId("more")?.click(); // at the end of what is listed, list more
  choose(all[Math.min(Math.max(next, 0), all.length - 1)].dataset.no);
}

// The heap of cases to the left or right of the one on show.
export function stepTab(by) {
  const tabs = [...document.querySelectorAll('#filters [name="group"]')];
  const next = tabs[tabs.findIndex((tab) => tab.checked) + by];
  if (!next) return;
  next.checked = true;
  filtered();
}

export function neighbour(no) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.no === no);
  return (all[at + 1] ?? all[at - 1])?.dataset.no ?? null;
}

export function refreshCase() {
  if (shownNo() !== chosen) return byId("desk") && coming !== chosen ? show(chosen) : undefined;
  const part = byId("desk") ? `/desk/cases/${chosen}` : `/desk/cases/${chosen}?whole=true`;
  return htmx.ajax("GET", part, { source: "#case", target: "#case", swap: "innerMorph" });
}

export function refreshQueue() {
  if (!byId("desk")) return undefined;
  const part = `/desk/queue?${query()}`;
  return htmx.ajax("GET", part, { source: "#queue", target: "#queue", swap: "innerMorph" });
}

function swapped({ detail }) {
  sync();
  if (!byId("desk")) return;
  mark();
  if (detail.ctx?.target?.id === "queue") {
    announce();
    showSought(detail.ctx.request.action);
  }
  if (chosen === null && WIDE.matches && rows().length) choose(rows()[0].dataset.no, { remember: false });
}

// Tells a screen reader of cases that came into the queue by themselves, urgent ones at once.
const ANNOUNCED_MAX = 3;
let listed = { asked: null, nos: new Set() };

function announce() {
  const before = listed;
  listed = { asked: filtersOf(query()), nos: new Set(rows().map((row) => row.dataset.no)) };
  if (before.asked !== listed.asked) return; // other filters, other cases: nothing came
  const fresh = rows().filter((row) => !before.nos.has(row.dataset.no));
  if (!fresh.length) return;
  const urgent = fresh.some((row) => row.classList.contains("row-urgent"));
  const told = fresh.slice(0, ANNOUNCED_MAX).map((row) => say("js.new_case", { what: wordsOf(row) }));
  const more = fresh.length > ANNOUNCED_MAX ? [say("js.new_cases", { n: fresh.length })] : [];
  byId(urgent ? "alarm" : "announce").textContent = [...more, ...told].join("; ");
}

function wordsOf(row) {
  const parts = [...row.querySelectorAll(".row-kind, .row-place")];
  return parts.map((part) => part.textContent.replace(/\s+/g, " ").trim()).join(", ");
}

// A listing may answer what was asked before the search: only the search's own answer counts.
function showSought(action) {
  if (sought === null || filtersOf(new URL(action, location).searchParams) !== sought) return;
  sought = null;
  if (rows().length) choose(rows()[0].dataset.no);
}

function filtered() {
  history.replaceState({ no: chosen }, "", address());
  return refreshQueue();
}

function backToList() {
  byId("chosen").value = "";
  byId("desk").dataset.view = "list";
  history.pushState({}, "", address());
  if (!WIDE.matches) scrollTo(0, listY);
}

function listenToFilters() {
  let typing;
  const form = byId("filters");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filtered();
  });
  form.addEventListener("change", (event) => event.target.id !== "search" && filtered());
  byId("search").addEventListener("search-done", () => {
    clearTimeout(typing);
    sought = filtersOf(query());
    filtered();
  });
  byId("search").addEventListener("input", () => {
    clearTimeout(typing);
    sought = null;
    typing = setTimeout(filtered, TYPING_MS);
  });
}

function listenToClicks() {
  byId("queue").addEventListener("click", (event) => {
    const row = event.target.closest(".row-link");
    if (row && !event.ctrlKey && !event.metaKey && event.button === 0) {
      event.preventDefault();
      choose(row.dataset.no);
    }
    const more = event.target.closest("#more");
    if (more) {
      byId("limit").value = more.dataset.limit;
      refreshQueue();
    }
  });
  byId("case").addEventListener("click", (event) => {
    if (!event.target.closest("[data-back]")) return;
    event.preventDefault();
    backToList();
  });
}

export function startDesk() {
  chosen = shownNo();
  document.addEventListener("htmx:after:swap", swapped);
  document.body.addEventListener("cameras", () => rows().length || refreshQueue()); // how many eyes
  document.body.addEventListener("news", (event) => {
    refreshQueue();
    const told = event.detail.length === 0 || event.detail.some((change) => change.no === chosen);
    if (chosen !== null && (told || shownNo() !== chosen)) refreshCase();
  });
  setInterval(() => document.body.classList.contains("gone") || tell("news", []), REFRESH_MS);
  if (!byId("desk")) return;
  mark();
  announce();
  listenToFilters();
  listenToClicks();
  addEventListener("popstate", () => location.hash === "" && location.reload()); // not for #main
}
