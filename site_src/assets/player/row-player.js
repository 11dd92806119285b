// The play buttons of the front page: raw and clean of a render, at the same position, one render
// at a time.

import { openContext } from "./context.js";
import { Engine } from "./engine.js";
import { Feed } from "./feed.js";
import { NoParts, Tracks, fit } from "./tracks.js";
import { _ } from "../text.js";
import { bytes, linear } from "./wording.js";

const TRACKS = ["raw", "clean"];
const ITEM = "[data-item]";

const NAMES = { raw: _("raw"), clean: _("clean") };

const table = document.querySelector("table[data-scorecard]");
const status = document.createElement("p");

/** The current or last playback: its element `data-item`, its engine, and what feeds it. */
let now = null;
/** Counts clicks, so that a slow load does not act on an outdated click. */
let order = 0;

if (table) {
  status.className = "st-sr";
  status.setAttribute("role", "status");
  table.closest("section").append(status);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".st-row-player button");
    if (button) press(button.closest(ITEM), button.dataset.track);
  });
  // scorecard.js replaces the rows when the reader goes to another page.
  new MutationObserver(fill).observe(table.tBodies[0], { childList: true });
  fill();
  addEventListener("pagehide", () => now?.engine.pause());
  addEventListener("pageshow", mark);
}

function fill() {
  for (const place of document.querySelectorAll(".st-row-player:empty")) {
    const row = place.closest(ITEM);
    for (const track of TRACKS) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `st-play st-${track}`;
      button.dataset.track = track;
      button.textContent = NAMES[track];
      const size = bytes(Number(row.dataset[track]));
      const about = _("Play {track}, {size}", { track: NAMES[track], size });
      button.title = about;
      button.setAttribute("aria-label", `${about}: ${nameOf(row)}`);
      button.setAttribute("aria-pressed", "false");
      place.append(button);
    }
  }
  mark();
}

async function press(row, track) {
  const mine = ++order;
  const heard = isHeard(row, track);
  if (now && (heard || now.row !== row)) now.engine.pause();
  if (heard) return show(_("Paused: {render}", { render: nameOf(row) }));
  const context = openContext(Number(row.dataset.rate));
  if (now?.row !== row) now = open(row, context);
  show(_("Fetching {track}", { track: NAMES[track] }));
  const error = await now.feed.load(track).then(() => null, (failure) => failure);
  if (mine !== order) return;
  // The players on the render's page stream the file.
  if (error instanceof NoParts) return row.querySelector("a").click();
  if (error) return show(error.message);
  now.engine.select(track);
  now.engine.play();
  show(_("Playing {track}: {render}", { track: NAMES[track], render: nameOf(row) }));
  now.feed.loadPair();
}

function open(row, context) {
  const { item, duration, samples, gains } = row.dataset;
  const urls = TRACKS.map((name) => [name, new URL(`renders/${item}/${name}.flac`, document.baseURI)]);
  const [raw, clean] = gains.split(" ").map(Number);
  const gainOf = (name) => linear({ raw, clean }[name]);
  const tracks = new Tracks(context, Object.fromEntries(urls), { long: !fit(samples, 2) });
  const engine = new Engine(context, Number(duration));
  const opened = { row, engine, feed: new Feed(engine, tracks, gainOf) };
  engine.onend = () => opened === now && show(_("The end: {render}", { render: nameOf(row) }));
  engine.onstall = () => opened === now && press(row, engine.selected);
  return opened;
}

function show(text) {
  status.textContent = text;
  mark();
}

/** Mark only the button of the audible track as pressed. */
function mark() {
  for (const button of document.querySelectorAll(".st-row-player button")) {
    const heard = isHeard(button.closest(ITEM), button.dataset.track);
    button.setAttribute("aria-pressed", String(heard));
  }
}

function isHeard(row, track) {
  return now?.row === row && now.engine.playing && now.engine.selected === track;
}

function nameOf(row) {
  return row.querySelector("bdi").textContent.trim();
}
