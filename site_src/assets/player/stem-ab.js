// <stem-ab>: plays a render's tracks on one clock. The page's markup is readable without this
// script. The element enables the controls and hides the browser's own players.

import { keepUrlState } from "./url-state.js";
import { entry, loopFrom, loopTo, region } from "./clock.js";
import { openContext } from "./context.js";
import { Engine } from "./engine.js";
import { Feed } from "./feed.js";
import { actionOf } from "./keys.js";
import { watch } from "./seek-gestures.js";
import { fromFragment, toFragment } from "./link.js";
import { drawAsHeard } from "./outlines.js";
import { Playhead } from "./playhead.js";
import { NoParts, Tracks, fit } from "./tracks.js";
import { _ } from "../text.js";
import { bytes, clock, decibels, exactClock, linear } from "./wording.js";

const STEP_SECONDS = 5;
const WRITTEN = "textarea, input:not([name=ab-track], [type=range])";

/** The buttons, anywhere on the page, that play a track from a position. */
const places = () => document.querySelectorAll("[data-hear]");

class StemAb extends HTMLElement {
  #duration = 0;
  #rate = 0;
  /** Whether raw and clean are too long to be decoded as a whole. */
  #long = false;
  /** @type {Map<string, {label: string, url: string, size: number, gains: Record<string, number>}>} */
  #known = new Map();
  #wanted = "";
  #match = "speech";
  #position = 0;
  #loop = null;
  /** Counts requests to play, so that a slow load does not act on an outdated request. */
  #order = 0;
  #waiting = false;
  /** @type {Playhead | null} */
  #playhead = null;
  /** @type {Engine | null} */
  #engine = null;
  /** @type {Feed | null} */
  #feed = null;

  connectedCallback() {
    this.#duration = Number(this.dataset.duration);
    this.#rate = Number(this.dataset.rate);
    this.#long = !fit(Number(this.dataset.samples), 2);
    for (const { dataset } of this.querySelectorAll("[data-track]")) {
      this.#known.set(dataset.track, {
        label: dataset.label,
        url: new URL(dataset.src, document.baseURI).href,
        size: Number(dataset.bytes),
        gains: { none: 0, speech: Number(dataset.speech), lufs: Number(dataset.lufs) },
      });
    }
    this.classList.add("ab-live");
    // The review, which stands in the player, enables its own controls.
    for (const control of this.querySelectorAll(":disabled:not([data-review] *)")) {
      control.disabled = false;
    }
    for (const place of places()) place.disabled = false;
    this.#playhead = new Playhead(this, this.#duration);
    this.#listen();
    this.#wanted = this.#radio().value;
    this.#match = this.#part("match").value;
    this.#showGains();
    if (this.#long) this.#say(this.#costs());
    this.#follow();
    addEventListener("hashchange", () => this.#follow());
    // Pause when the reader leaves, so that the page is also silent when they come back.
    addEventListener("pagehide", () => this.playing && this.toggle());
    this.#playhead.draw();
  }

  /** Seconds from the start of the render. */
  get position() {
    return this.#engine?.position ?? this.#position;
  }

  /** Whether the element is active, in place of the browser's own players. */
  get live() {
    return this.classList.contains("ab-live");
  }

  /** Whether playback is running. */
  get playing() {
    return this.#engine?.playing ?? false;
  }

  /** The engine, for tests of the audio; null before the first playback. */
  get engine() {
    return this.#engine;
  }

  /**
   * Go to a position and show it.
   *
   * @param {number} seconds
   */
  seek(seconds) {
    this.#position = entry(seconds, this.#duration, this.#loop);
    this.#engine?.seek(this.#position);
    this.#settled();
  }

  /**
   * Start or pause playback.
   *
   * @returns {Promise<void>} Resolved when playback has started, or has failed.
   */
  async toggle() {
    if (this.playing || this.#waiting) {
      this.#order += 1;
      this.#waiting = false;
      this.#engine?.pause();
      this.#settled(_("Paused at {time}", { time: clock(this.position) }));
      return;
    }
    await this.#play();
  }

  /**
   * Play from a position.
   *
   * @param {number} seconds
   * @param {string} [name]  The track; by default the chosen one.
   */
  async hear(seconds, name = this.#wanted) {
    this.#choose(name);
    if (this.#loop && entry(seconds, this.#duration, this.#loop) !== seconds) this.loop(null);
    this.seek(seconds);
    await this.#play();
  }

  /**
   * Switch to another track at the same position.
   *
   * @param {string} name
   */
  async select(name) {
    this.#choose(name);
    if (this.playing || this.#waiting) await this.#play();
    else this.#settled(this.#label(name));
  }

  /**
   * Repeat a region; null removes the loop.
   *
   * @param {import("./clock.js").Region | null} stretch
   */
  loop(stretch) {
    this.#loop = stretch;
    this.#engine?.loop(stretch);
    if (stretch && (this.position < stretch.start || this.position >= stretch.end)) {
      this.seek(stretch.start);
    }
    this.#settled(
      stretch
        ? _("Loop from {from} to {to}", { from: exactClock(stretch.start), to: exactClock(stretch.end) })
        : _("No loop"),
    );
  }

  #listen() {
    for (const button of this.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this.#act(button.dataset.do));
    }
    for (const place of places()) {
      const { hear, as } = place.dataset;
      place.addEventListener("click", () => this.hear(Number(hear), as));
    }
    for (const radio of this.querySelectorAll("[name=ab-track]")) {
      radio.addEventListener("change", () => this.select(radio.value));
    }
    this.#part("seek").addEventListener("input", (event) => this.seek(Number(event.target.value)));
    this.#part("match").addEventListener("change", (event) => this.#matchBy(event.target.value));
    this.addEventListener("keydown", (event) => {
      // What stands in the player may take keys itself: words, boxes to tick, fields to write in.
      if (event.defaultPrevented || event.target.matches(WRITTEN)) return;
      const found = actionOf(event, event.target.tagName);
      if (!found) return;
      event.preventDefault();
      this.#act(found.action, found.index);
    });
    const seconds = (share) => share * this.#duration;
    for (const picture of this.querySelectorAll("[data-lane]")) {
      watch(picture, {
        spot: (share) => this.seek(seconds(share)),
        stretch: (from, to) => {
          const stretch = region(seconds(from), seconds(to), this.#duration);
          if (stretch) this.loop(stretch);
          else this.seek(seconds(to));
        },
        preview: (from, to) =>
          this.#showLoop({ start: seconds(Math.min(from, to)), end: seconds(Math.max(from, to)) }),
        abandon: () => this.#showLoop(this.#loop),
      });
    }
  }

  /** Say what the playback of a long render fetches. */
  #costs() {
    const [raw, clean] = ["raw", "clean"].map((name) => this.#known.get(name));
    const perMinute = bytes((60 * (raw.size + clean.size)) / this.#duration);
    const values = { raw: raw.label, clean: clean.label, amount: perMinute };
    return _("Play fetches {raw} and {clean} in parts, about {amount} a minute.", values);
  }

  #act(action, index = 0) {
    const here = this.position;
    const actions = {
      toggle: () => this.toggle(),
      back: () => this.seek(here - STEP_SECONDS),
      forward: () => this.seek(here + STEP_SECONDS),
      track: () => this.#known.size > index && this.select([...this.#known.keys()][index]),
      "loop-from": () => this.#loopBy(loopFrom(here, this.#loop, this.#duration)),
      "loop-to": () => this.#loopBy(loopTo(here, this.#loop, this.#duration)),
      "loop-clear": () => this.loop(null),
      match: () => this.#nextMatch(),
      copy: () => this.#copy(),
      previous: () => document.querySelector("a[rel=prev]")?.click(),
      next: () => document.querySelector("a[rel=next]")?.click(),
    };
    actions[action]();
  }

  #loopBy(stretch) {
    if (stretch) this.loop(stretch);
    else this.#say(_("Too short to loop"));
  }

  #choose(name) {
    this.#wanted = name;
    this.#radio(name).checked = true;
  }

  /** Create the engine. Call this in a user gesture, or phones stay silent. */
  #open() {
    const context = openContext(this.#rate);
    if (this.#engine) return;
    const urls = Object.fromEntries([...this.#known].map(([name, { url }]) => [name, url]));
    const tracks = new Tracks(context, urls, { long: this.#long });
    this.#engine = new Engine(context, this.#duration);
    this.#feed = new Feed(this.#engine, tracks, (name) => this.#gain(name));
    this.#engine.onend = () => this.#settled(_("The end"));
    this.#engine.onstall = () => this.#play();
    // The system stopped the sound: a phone call came in, or the headphones were removed.
    context.addEventListener("statechange", () => {
      if (context.state !== "running" && this.playing) this.toggle();
    });
    this.#engine.loop(this.#loop);
    this.#engine.seek(this.#position);
  }

  /** Load the wanted track and play it. */
  async #play() {
    this.#open();
    const name = this.#wanted;
    if (!(await this.#load(name))) return;
    this.#engine.select(name);
    this.#engine.play();
    this.#settled(_("Playing {track}", { track: this.#label(name) }));
    this.#feed.loadPair();
  }

  /**
   * Load a track.
   *
   * @returns {Promise<boolean>} Whether it is loaded, and is still the latest request.
   */
  async #load(name) {
    const order = ++this.#order;
    if (!this.#engine.ready(name)) {
      this.#waiting = true;
      const { label, size } = this.#known.get(name);
      const amount = this.#long ? _("at {time}", { time: clock(this.position) }) : bytes(size);
      this.#settled(_("Fetching {track}, {amount}…", { track: label, amount }));
    }
    const error = await this.#feed.load(name).then(() => null, (failure) => failure);
    if (order !== this.#order) return false;
    this.#waiting = false;
    if (error instanceof NoParts) this.#retire(error.message);
    if (error) {
      // Show the audible track as the chosen one.
      if (this.playing) this.#choose(this.#engine.selected);
      this.#settled(error.message);
      return false;
    }
    return true;
  }

  /** Hand over to the browser's own players, which stream the files. */
  #retire(reason) {
    this.#engine.pause();
    for (const place of places()) place.disabled = true;
    this.classList.remove("ab-live");
    document.documentElement.classList.remove("st-served");
    this.querySelector(".ab-plain").textContent = _("{reason} Here each track plays separately.", {
      reason,
    });
  }

  #matchBy(match) {
    this.#match = match;
    this.#part("match").value = match;
    for (const name of this.#known.keys()) this.#engine?.level(name, this.#gain(name));
    this.#showGains();
    this.#say(this.#part("match").selectedOptions[0].text);
  }

  #nextMatch() {
    const options = [...this.#part("match").options].filter(({ disabled }) => !disabled);
    const next = options.findIndex(({ value }) => value === this.#match) + 1;
    this.#matchBy(options[next % options.length].value);
  }

  #gain(name) {
    return linear(this.#known.get(name).gains[this.#match]);
  }

  async #copy() {
    const url = new URL(this.#fragment(), location.href).href;
    try {
      await navigator.clipboard.writeText(url);
      this.#say(_("Link to {time} copied", { time: clock(this.position) }));
    } catch {
      this.#say(_("Copy this link: {url}", { url }));
    }
  }

  #fragment() {
    return toFragment({ track: this.#wanted, time: this.position, loop: this.#loop });
  }

  /** Apply the track, position and loop in the page's URL. */
  #follow() {
    const spot = fromFragment(location.hash);
    if (!spot) return;
    if (this.#known.has(spot.track)) this.select(spot.track);
    const stretch = spot.loop && region(spot.loop.start, spot.loop.end, this.#duration);
    if (stretch || this.#loop) this.loop(stretch ?? null);
    if (spot.time !== undefined) this.seek(spot.time);
    this.scrollIntoView({ block: "start" });
  }

  #label(name) {
    return this.#known.get(name).label;
  }

  #part(name) {
    return this.querySelector(`[data-part=${name}]`);
  }

  #radio(name) {
    return this.querySelector(`[name=ab-track]${name ? `[value="${name}"]` : ":checked"}`);
  }

  #say(text) {
    this.#part("status").textContent = text;
  }

  /** Show and announce a change, and keep the URL up to date. */
  #settled(text) {
    if (text) this.#say(text);
    this.#showLoop(this.#loop);
    this.#playhead.draw();
    const button = this.#part("play");
    button.setAttribute("aria-label", this.playing || this.#waiting ? _("Pause") : _("Play"));
    button.toggleAttribute("data-playing", this.playing);
    button.toggleAttribute("data-waiting", this.#waiting);
    this.dataset.selected = this.#wanted;
    keepUrlState(() => this.#fragment());
  }

  #showGains() {
    const parts = [...this.#known].map(
      ([, { label, gains }]) => `${label} ${decibels(gains[this.#match])}`,
    );
    this.#part("gains").textContent = parts.join(" · ");
    drawAsHeard(this.querySelectorAll("[data-outline]"), (name) => this.#gain(name));
  }

  #showLoop(stretch) {
    this.toggleAttribute("data-looped", stretch !== null);
    if (!stretch) return;
    this.style.setProperty("--ab-from", stretch.start / this.#duration);
    this.style.setProperty("--ab-to", stretch.end / this.#duration);
  }
}

customElements.define("stem-ab", StemAb);
