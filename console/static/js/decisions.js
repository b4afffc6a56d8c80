// Deciding: the buttons, the strips that ask for more, undo.
import { momentOf } from "./clock.js";
import { caseVersion, choose, chosenNo, neighbour, refreshCase, refreshQueue, shownNo } from "./desk.js";
import { byId, say, tell } from "./page.js";
import { toast } from "./toasts.js";

const STRIPS = {
  false: "strip-false", duplicate: "strip-duplicate", permit: "strip-permit", dispatch: "strip-dispatch",
  note: "strip-note",
};
const CONFLICT = 409;

const PATIENCE_MS = 10000; // a decision without an answer is said to have failed

let asked = null; // the decision a strip is asking more about, on the version that its maker saw
let last = null; // the last decision: {no, version}, for undo after moving on
let sending = false;

// What was decided in this window, by case and the time until which it can be undone: who is in the
// other window goes by the same name, and must not be offered to undo this one's decisions.
const MINE = "decided";
const mine = () => JSON.parse(sessionStorage.getItem(MINE) ?? "[]");
const mark = (no, until) => `${no} ${Date.parse(until)}`;

function remember(no, until) {
  if (until) sessionStorage.setItem(MINE, JSON.stringify([...mine().slice(-49), mark(no, until)]));
}

function hideOthersUndo() {
  const button = byId("actions")?.querySelector('[data-do="undo"]');
  if (button && !mine().includes(mark(shownNo(), button.dataset.until))) button.remove();
}

const openStrip = () => document.querySelector(".strip:not([hidden])");

export function cancel() {
  asked = null;
  for (const id of Object.values(STRIPS)) byId(id).hidden = true;
}

async function post(path, body) {
  const key = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const answer = await response.json();
  if (response.status < 500) tell("answered");
  if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status });
  return answer;
}

async function once(work) {
  if (sending || document.body.classList.contains("gone")) return;
  sending = true;
  try {
    await work();
  } catch (error) {
    const unsent = error.status === undefined;
    if (unsent) tell("unanswered");
    toast(unsent ? say("js.failed") : error.message, "red");
    if (error.status !== CONFLICT) return; // what was typed stays, to be mended and sent again
    cancel(); // to be decided anew on what is shown now
    await refreshQueue();
    await refreshCase();
  } finally {
    sending = false;
  }
}

function undoButton(until, { no, version }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-s btn-undo";
  button.dataset.do = "undo";
  Object.assign(button.dataset, { until, no, version });
  button.append(`${say("undo")} `, Object.assign(document.createElement("span"), { className: "n" }));
  button.lastChild.dataset.countdown = "";
  return button;
}

function send(decision, more = {}) {
  const no = chosenNo();
  if (shownNo() !== no) return undefined; // nobody decides on what they do not see yet
  const next = decision.move === "reject" || decision.move === "dispatch" ? neighbour(no) : null;
  return once(async () => {
    const body = { version: caseVersion(), ...decision, ...more };
    const answer = await post(`/api/cases/${no}/moves`, body);
    cancel();
    last = { no, version: answer.case.version };
    remember(no, answer.undo_until);
    const words = say("js.done", { no, state: answer.state_words });
    const movedOn = next !== null && answer.undo_until !== null;
    toast(words, answer.tone, ...(movedOn ? [undoButton(answer.undo_until, last)] : []));
    await refreshQueue();
    if (next !== null) await choose(next);
    else await refreshCase();
    tell("decided");
  });
}

// Undoes what is told, else the case on show, else the last decision of this page.
function undo(told = null) {
  const shown = byId("actions").querySelector('[data-do="undo"]');
  const target = told ?? (shown ? { no: chosenNo(), version: caseVersion() } : last);
  if (!target) {
    toast(say("js.no_undo"), "grey");
    return undefined;
  }
  return once(async () => {
    await post(`/api/cases/${target.no}/undo`, { version: target.version });
    last = null;
    toast(say("js.undone", { no: target.no }), "blue");
    await refreshQueue();
    if (target.no !== chosenNo()) await choose(target.no);
    else await refreshCase();
    tell("decided");
  });
}

function decisionOf(button) {
  const { move, verdict } = button.dataset;
  return verdict ? { move, verdict } : { move };
}

// A toast's button undoes the case that the toast speaks of, whatever is on show by then.
function toldBy({ dataset: { no, version } }) {
  return no ? { no, version: Number(version) } : null;
}

function ask(kind, button) {
  cancel();
  asked = { ...decisionOf(button), version: caseVersion() };
  const strip = byId(STRIPS[kind]);
  if (strip instanceof HTMLFormElement) strip.reset();
  if (kind === "duplicate") {
    htmx.ajax("GET", `/desk/cases/${chosenNo()}/candidates`, { target: "#candidates", swap: "innerHTML" });
  }
  if (kind === "dispatch") {
    strip.assignee.placeholder = byId("actions").querySelector("[data-owner]").dataset.owner;
  }
  if (kind === "note") strip.querySelector("[data-strip-title]").textContent = button.firstChild.nextSibling.textContent.trim();
  strip.hidden = false;
  // Digits choose a candidate, so typing starts only on request there: with Tab.
  if (kind === "false" || kind === "duplicate") strip.focus();
  if (kind === "dispatch" || kind === "note" || kind === "permit") strip.querySelector("input").focus();
}

export function act(button) {
  const { do: wanted } = button.dataset;
  if (wanted === "cancel") return cancel();
  if (wanted === "undo") return undo(toldBy(button));
  if (wanted === "send") return send(decisionOf(button));
  if (wanted in STRIPS) return ask(wanted, button);
  if (wanted === "reason") return send(asked, { reason: button.dataset.reason });
  if (wanted === "candidate") return send(asked, { duplicate_of: button.dataset.no });
  return undefined;
}

function submitted(event) {
  event.preventDefault();
  const given = Object.fromEntries([...new FormData(event.target)].map(([k, v]) => [k, v.trim()]));
  if ("duplicate_of" in given && !given.duplicate_of) {
    toast(say("js.need_number"), "amber");
    return;
  }
  if (given.permit_no) {
    given.permit = { no: given.permit_no, until: momentOf(given.permit_until) };
    delete given.permit_no;
    delete given.permit_until;
  }
  if (given.duplicate_of && given.note) given.forced = true; // far, and why it is the same thing
  const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  send(asked, filled);
}

// The button that a key presses now: of the open strip, else of the case.
export function buttonFor(key) {
  const within = openStrip() ?? byId("actions");
  return within?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? null;
}

export function undoByKey() {
  return undo();
}

export const asking = () => openStrip() !== null;

export function startDecisions() {
  if (!byId("actions")) return;
  hideOthersUndo();
  document.body.addEventListener("chosen", cancel);
  document.addEventListener("htmx:after:swap", hideOthersUndo);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".actions [data-do], .strip [data-do], .toasts [data-do]");
    if (button) act(button);
  });
  for (const form of document.querySelectorAll("form.strip")) form.addEventListener("submit", submitted);
}
