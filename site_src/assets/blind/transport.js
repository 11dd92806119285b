// The playback controls of a trial: version, play and pause, position, loop. This module knows only
// the names on the versions' buttons, so it cannot reveal which version is which.

import { _ } from "../text.js";
import { loopFrom, loopTo } from "../player/clock.js";
import { clock, exactClock } from "../player/wording.js";
import { part, radio } from "./elements.js";
import { withFadedSeam } from "./seam.js";

// Milliseconds of silence between two versions; the engine's fade takes 15. Even a short overlap
// would reveal whether the two versions are the same.
const GAP = 20;

/** The playback controls inside one element. */
export class Transport {
  /** Called with the name of a version when it is chosen. */
  onheard = () => {};
  /** Called once in a trial, when every version has been played. */
  oncomplete = () => {};

  #root;
  #engine = null;
  #duration = 0;
  /** What each name plays, in the order of the names. */
  #versions = [];
  /** @type {import("../player/clock.js").Region | null} The loop; null for the whole signal. */
  #region = null;
  #names = [];
  #chosen = "";
  #unheard = new Set();
  #switching = 0;
  #frame = 0;

  /** @param {HTMLElement} root  Holds the transport controls. */
  constructor(root) {
    this.#root = root;
    addEventListener("pagehide", () => this.#engine?.playing && this.#toggle());
    this.#part("play").addEventListener("click", () => this.#toggle());
    this.#part("seek").addEventListener("input", (event) => this.#seek(event.target.valueAsNumber));
    this.#part("loop").addEventListener("change", () => this.#loop());
    this.#part("from").addEventListener("click", () => this.#mark("start"));
    this.#part("to").addEventListener("click", () => this.#mark("end"));
    this.#part("whole").addEventListener("click", () => {
      this.#mark(null);
      // The clicked button is hidden now, so the focus moves to another control.
      this.#part("loop").focus();
    });
  }

  /**
   * Show the versions of a trial. They cannot be played until `open`.
   *
   * @param {string[]} names
   * @param {boolean} same  Whether the render is that of the previous trial; then its loop is kept.
   */
  show(names, same) {
    if (!same) this.#region = null;
    this.#names = names;
    this.#unheard = new Set(names);
    const all = names.map((name) => radio("heard", name, () => this.#choose(name)));
    this.#part("names").replaceChildren(...all);
    this.#root.disabled = true;
    this.#draw();
  }

  /**
   * Enable playback.
   *
   * @param {import("../player/engine.js").Engine} engine  Without any track.
   * @param {number} duration  Seconds.
   * @param {{buffer: AudioBuffer, gain: number}[]} versions  What each name plays.
   */
  open(engine, duration, versions) {
    this.#engine = engine;
    this.#duration = duration;
    this.#versions = versions;
    this.#part("seek").max = duration;
    engine.onend = () => this.#draw();
    this.#root.disabled = false;
    this.#loop();
    this.choose(this.#names[0]);
  }

  /** Stop, and release the audio. */
  close() {
    clearTimeout(this.#switching);
    this.#engine?.close();
    this.#engine = null;
    this.#duration = 0;
    this.#versions = [];
    this.#root.disabled = true;
  }

  /**
   * Switch to a version.
   *
   * @param {string} name
   */
  choose(name) {
    for (const input of this.#root.querySelectorAll("input[name=heard]")) {
      input.checked = input.value === name;
    }
    this.#choose(name);
  }

  /**
   * Handle a key that was pressed in the trial, if the transport uses it.
   *
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (!this.#engine || event.ctrlKey || event.altKey || event.metaKey) return;
    const name = event.key.toUpperCase();
    if (this.#names.includes(name)) {
      this.choose(name);
      this.#root.querySelector("input[name=heard]:checked").focus();
    } else if (event.key === " " && !event.target.closest("button, [type=checkbox]")) {
      event.preventDefault();
      this.#toggle();
    }
  }

  #part(name) {
    return part(this.#root, name);
  }

  #choose(name) {
    this.#chosen = name;
    clearTimeout(this.#switching);
    if (this.#engine.playing) {
      this.#engine.select("");
      this.#switching = setTimeout(() => this.#engine.select(name), GAP);
    } else {
      this.#engine.select(name);
    }
    this.#note();
    this.onheard(name);
  }

  #toggle() {
    if (this.#engine.playing) this.#engine.pause();
    else this.#engine.play();
    this.#note();
    this.#draw();
  }

  #seek(seconds) {
    this.#engine.seek(seconds);
    this.#draw();
  }

  /** Start or end the loop at the current position; null loops the whole signal again. */
  #mark(edge) {
    const here = this.#engine.position;
    if (edge === null) this.#region = null;
    else {
      const marked = edge === "start" ? loopFrom : loopTo;
      this.#region = marked(here, this.#region, this.#duration);
    }
    if (edge !== null) this.#part("loop").checked = true;
    this.#loop();
  }

  #loop() {
    this.#engine.loop(this.#cut());
    this.#draw();
  }

  /** Give the engine every version with the seam of the loop faded; return the loop, if any. */
  #cut() {
    const all = { start: 0, end: this.#duration };
    const looped = this.#part("loop").checked ? (this.#region ?? all) : null;
    // Two names may play one version, which then is copied once.
    const faded = new Map();
    this.#versions.forEach(({ buffer, gain }, at) => {
      if (looped && !faded.has(buffer)) faded.set(buffer, withFadedSeam(buffer, looped));
      this.#engine.add(this.#names[at], faded.get(buffer) ?? buffer, gain);
    });
    return looped;
  }

  /** Record that the chosen version has been played. */
  #note() {
    if (!this.#engine.playing || !this.#unheard.delete(this.#chosen)) return;
    if (this.#unheard.size === 0) this.oncomplete();
  }

  /** Show the current state; during playback, repeat in every animation frame. */
  #draw() {
    const [position, playing] = [this.#engine?.position ?? 0, this.#engine?.playing ?? false];
    const [here, all] = [clock(position), clock(this.#duration)];
    this.#part("play").textContent = playing ? _("Pause") : _("Play");
    this.#part("time").textContent = `${here} / ${all}`;
    this.#part("seek").value = position;
    this.#part("seek").ariaValueText = _("{time} of {all}", { time: here, all });
    const { start, end } = this.#region ?? {};
    const stretch = this.#region
      ? _("{from} to {to}", { from: exactClock(start), to: exactClock(end) })
      : _("all of it");
    this.#part("region").textContent = stretch;
    this.#part("whole").hidden = !this.#region;
    cancelAnimationFrame(this.#frame);
    if (playing) this.#frame = requestAnimationFrame(() => this.#draw());
  }
}
