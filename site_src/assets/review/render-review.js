// The review on a render's page: the reader's decision, remarks at the playhead, and how far the
// review is. Everything is kept in this browser.

import { part } from "../blind/elements.js";
import { clock } from "../player/wording.js";
import { _ } from "../text.js";
import { reviewAction } from "./keys.js";
import { drawPins } from "./pins.js";
import { outdated, progress } from "./progress.js";
import { Remarks } from "./remarks.js";
import { Reviewer } from "./reviewer.js";
import { buildOf, ReviewStore } from "./store.js";
import { chip, counted, DECISIONS, standing, TRACK_NAMES, visible } from "./wording.js";

const root = document.querySelector("[data-review]");
const player = document.querySelector("stem-ab");
await customElements.whenDefined("stem-ab");

const here = JSON.parse(root.dataset.render);
const store = new ReviewStore(buildOf(root));
const reviewer = new Reviewer(root, store);
const remarks = new Remarks(root, player, store, here, perform);
const choices = [...root.querySelectorAll("[data-decide]")];

/** The renders of the site, fetched when a review has begun: a page would be large with them. */
let renders = null;

/** Whether the name was asked for: once on a page, also if it is not given. */
let asked = false;

/** Whether the next render is on its way: then keys are no longer meant for this one. */
let leaving = false;

root.classList.add("st-live");
for (const control of root.querySelectorAll(".st-review-own :disabled")) control.disabled = false;
for (const choice of choices) {
  choice.addEventListener("click", () => decide(choice.dataset.decide));
}
document.addEventListener("keydown", (event) => {
  const action = reviewAction(event);
  if (action === null || leaving) return;
  if (reviewer.asking) {
    // What is typed is the name, also if the focus has moved on.
    reviewer.focus();
    return;
  }
  event.preventDefault();
  if (action === "remark") remarks.make();
  else if (action === "next") goOn();
  else decide(action);
});
// The reader comes back, and the browser shows the page as it was.
addEventListener("pageshow", () => (leaving = false));
addEventListener("pagehide", () => {
  try {
    remarks.keepOpen();
  } catch {
    // Nobody is there any more to read why; the text stays in the field if the reader comes back.
  }
});
store.onchange = show;
show();

/** Decide, or take the same decision back; what is typed as a remark is kept. */
function decide(decision) {
  perform(() => {
    const kept = remarks.keepOpen();
    const back = store.entry(here).decision === decision;
    store.decide(here, back ? null : decision);
    const done = back ? _("Decision taken back") : word(decision);
    return kept ? `${kept}. ${done}` : done;
  });
}

/** Return a decision as a word; an approval against a gate is said to be one. */
function word(decision) {
  const against = decision === "approved" && "gateFailed" in root.dataset;
  return against ? _("Approved, although it is outside a limit") : DECISIONS[decision][1];
}

/** Do something, and say what it returns, or why it was not done. */
function perform(act) {
  let done;
  try {
    done = act();
  } catch (error) {
    say(error.message);
    return;
  }
  if (store.review.reviewer === "" && !asked) {
    asked = true;
    reviewer.ask(() => sayDone(done));
  }
  sayDone(done);
}

/** Say what was done and how far the review is. */
async function sayDone(done) {
  const far = await reach();
  say(far ? `${done}. ${far.text}.` : `${done}.`);
}

function say(text) {
  part(root, "said").textContent = text;
}

async function goOn() {
  leaving = true;
  const far = await reach();
  if (far?.next) location.href = `${far.next.id}.html`;
  else leaving = false;
  if (far && !far.next) say(_("{progress}: no other is left.", { progress: far.text }));
}

/** Return how far the review is; null if the list of renders cannot be had. */
async function reach() {
  renders ??= await fetch("../renders.json").then(
    (answer) => (answer.ok ? answer.json() : null),
    () => null,
  );
  return renders && progress(store.review, renders, here.id);
}

function show() {
  const { decision } = store.entry(here);
  for (const choice of choices) choice.ariaPressed = String(choice.dataset.decide === decision);
  reviewer.show();
  remarks.show();
  showOutdated();
  drawPins(player, [...ownPins(), ...otherPins()]);
  if (!store.empty) showProgress();
}

async function showProgress() {
  const far = await reach();
  if (!far) return;
  part(root, "progress").hidden = false;
  part(root, "count").textContent = far.text;
  part(root, "next").hidden = !far.next;
  if (!far.next) return;
  part(root, "next").href = `${far.next.id}.html`;
  part(root, "next-name").textContent = visible(far.next.path);
}

/** Show what was said about earlier outputs, which does not count. */
function showOutdated() {
  const [last] = outdated(store.review, here).sort((one, other) =>
    latest(one) < latest(other) ? 1 : -1,
  );
  const line = part(root, "outdated");
  line.hidden = !last;
  if (!last) return;
  const count = standing(last).length;
  line.replaceChildren(`${_("About an earlier version of this render you said:")} `);
  if (last.decision) line.append(chip(last.decision), " ");
  if (count) line.append(counted(count, "remark"), " ");
  line.append(_("– it has changed since, so this does not count."));
}

function latest({ decided, remarks }) {
  return [decided ?? "", ...remarks.map(({ written }) => written)].sort().at(-1);
}

function ownPins() {
  return remarks.all.map((remark, index) => pin(remark, String(index + 1), _("You"), true));
}

/** The pins of remarks in the page, but for the reader's own that were merged. */
function otherPins() {
  const own = new Set(store.entry(here).remarks.map((remark) => remark.id));
  return [...root.querySelectorAll("[data-remark]")]
    .filter(({ dataset }) => !own.has(dataset.remark))
    .map((item) => {
      const { dataset } = item;
      const text = item.querySelector("bdi").textContent;
      const remark = { at: Number(dataset.at), track: dataset.track, text };
      return pin(remark, [...dataset.by][0].toUpperCase(), dataset.by, false);
    });
}

function pin({ at, track, text }, label, by, own) {
  const press = () => player.hear(at, track);
  const spot = _("{time} on {track}", { time: clock(at), track: TRACK_NAMES[track] ?? track });
  return { at, label, own, text: visible(`${by}, ${spot}: ${text}`), press };
}
