// The Review page: how far the reader's review is, its result as a file, a text or a link, and the
// reviews of others that are opened here.

import { element, part } from "../blind/elements.js";
import { _ } from "../text.js";
import { reviewAction } from "./keys.js";
import { markdown } from "./markdown.js";
import { showOpened } from "./opened-review.js";
import { outdated, progress } from "./progress.js";
import {
  entries,
  fileName,
  MAX_BYTES,
  readReview,
  reviewText,
  samePerson,
  tooLarge,
} from "./review-file.js";
import { claimsReview, decodeReview, encodeReview } from "./review-link.js";
import { Reviewer } from "./reviewer.js";
import { buildOf, ReviewStore } from "./store.js";
import { chip, counted, standing, visible } from "./wording.js";

const root = document.querySelector("[data-review-page]");
const rows = [...root.querySelectorAll("[data-render]")];
const renders = rows.map(({ dataset }) => JSON.parse(dataset.render));
const store = new ReviewStore(buildOf(root));
const reviewer = new Reviewer(root, store);
/** The review that was opened. */
let opened = null;

const COPIED_THEN = _("Enter your name first; then it is copied.");
const ACTIONS = {
  download: () => named(() => save(store.review), _("Enter your name first; then it is saved.")),
  text: () => named(() => copy(result(), _("Text copied.")), COPIED_THEN),
  link: () => named(copyLink, COPIED_THEN),
  delete: askToDelete,
  "confirm-yes": clear,
  "confirm-no": () => closeConfirm(_("Nothing was deleted.")),
  "opened-save": () => save(opened),
  "opened-continue": goOnFrom,
  "opened-close": close,
};
for (const control of root.querySelectorAll(":disabled")) control.disabled = false;
for (const [name, act] of Object.entries(ACTIONS)) {
  part(root, name).addEventListener("click", () => attempt(act));
}
part(root, "file").addEventListener("change", ({ target }) => attempt(() => openFile(target)));
document.addEventListener("keydown", (event) => {
  if (reviewAction(event) !== "next" || part(root, "next").hidden) return;
  event.preventDefault();
  part(root, "next").click();
});
addEventListener("hashchange", () => attempt(follow));
store.onchange = show;
show();
attempt(follow);

function show() {
  const { text, next } = progress(store.review, renders);
  part(root, "count").textContent = text;
  part(root, "next").hidden = !next;
  if (next) {
    part(root, "next").href = `renders/${next.id}.html`;
    part(root, "next-name").textContent = visible(next.path);
  }
  reviewer.show();
  const entry = entries(store.review);
  rows.forEach((row, index) => showMine(part(row, "mine"), renders[index], entry(renders[index])));
  for (const name of ["download", "text", "link", "delete"]) {
    part(root, name).disabled = store.empty;
  }
}

/** Show on a row what the reader said about the render. */
function showMine(line, render, entry) {
  const count = standing(entry).length;
  const parts = [];
  if (entry.decision) parts.push(chip(entry.decision));
  if (count) parts.push(counted(count, "remark"));
  if (!parts.length && outdated(store.review, render).length) {
    parts.push(_("what you said is about an earlier version, so it does not count"));
  }
  line.replaceChildren(...(parts.length ? [`${_("You:")} `, ...parts.flatMap((one) => [one, " "])] : []));
}

/** Do something that needs the reviewer's name: if it is not known, say so and ask for it first. */
async function named(act, first) {
  if (store.review.reviewer !== "") return act();
  say(first);
  reviewer.ask(() => (store.review.reviewer ? attempt(act) : say("")));
}

function save(review) {
  const url = URL.createObjectURL(new Blob([reviewText(review)], { type: "application/json" }));
  const link = element("a", "");
  Object.assign(link, { href: url, download: fileName(review.reviewer) });
  link.click();
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say(_("Saved as {name}.", { name: link.download }));
}

/** Return the review of the present outputs: what was said about earlier ones does not count. */
function current() {
  const said = renders.map(entries(store.review));
  return { ...store.review, renders: said.filter(({ decided, remarks }) => decided || remarks.length) };
}

function result() {
  const entry = entries(store.review);
  const said = renders
    .map((render) => ({ id: render.id, path: render.path, said: entry(render) }))
    .filter(({ said }) => said.decision || standing(said).length);
  const address = (page) => new URL(page, location.href).href;
  return markdown(store.review.reviewer, progress(store.review, renders).text, said, address);
}

async function copyLink() {
  const fragment = await encodeReview(current());
  if (fragment === null) say(_("This review is too long for a link. Send the file instead."));
  else await copy(new URL(fragment, location.href).href, _("Link copied. It contains the review."));
}

/** Copy a text, or show it where the browser refuses. */
async function copy(text, done) {
  const refused = await (navigator.clipboard?.writeText(text).then(() => false, () => true) ?? true);
  part(root, "by-hand").hidden = !refused;
  part(root, "by-hand-text").value = text;
  if (refused) part(root, "by-hand-text").select();
  say(refused ? _("This browser does not let the page copy. The text is below.") : done);
}

async function openFile(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  if (file.size > MAX_BYTES) throw tooLarge();
  open(readReview(await file.text()));
}

/** Open the review that the page's address has. */
async function follow() {
  if (claimsReview(location.hash)) open(await decodeReview(location.hash));
}

function open(review) {
  opened = review;
  showOpened(root, review, renders);
}

/** Go on with the opened review: what is on this device must be of the same person. */
function goOnFrom() {
  return store.empty ? goOn() : named(goOn, _("Enter your name first; then you go on with it."));
}

function goOn() {
  if (!opened) return; // closed while the name was asked for
  if (!store.empty && !samePerson(store.review, opened)) {
    throw new Error(
      _("This device has a review of {name}. Save and delete that one first.", {
        name: visible(store.review.reviewer),
      }),
    );
  }
  store.merge(opened);
  close();
  const name = visible(store.review.reviewer);
  say(_("You go on with the review of {name}.", { name }));
}

function close() {
  opened = null;
  part(root, "opened").hidden = true;
  // Or a reload would open it again.
  if (claimsReview(location.hash)) history.replaceState(null, "", location.pathname);
  part(root, "count").parentElement.querySelector("a:not([hidden])")?.focus();
}

function askToDelete() {
  const said = store.review.renders;
  const decisions = said.filter(({ decision }) => decision).length;
  const remarks = said.reduce((sum, one) => sum + standing(one).length, 0);
  part(root, "confirm-text").textContent = _(
    "Delete your {decisions} and {remarks}? What you did not save is then lost.",
    { decisions: counted(decisions, "decision"), remarks: counted(remarks, "remark") },
  );
  part(root, "confirm").hidden = false;
  part(root, "confirm-no").focus();
}

function clear() {
  store.clear();
  closeConfirm(_("Your review was deleted on this device."));
}

function closeConfirm(done) {
  part(root, "confirm").hidden = true;
  say(done);
  (store.empty ? part(root, "file") : part(root, "delete")).focus();
}

function say(text) {
  part(root, "said").textContent = text;
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    say(error.message);
  }
}
