// The listening part of a trial: which version is heard, play and pause, the position, the loop.
// It knows versions by the names on its buttons and by nothing else.

import { loopFrom, loopTo } from "../player/clock.js";
import { clock, exactClock } from "../player/wording.js";
import { part, radio } from "./elements.js";

// Between versions the sound goes out before the next comes in. Where two versions overlap even
// for a moment, the overlap itself tells whether they are the same. Milliseconds; the engine
// fades within 15.
const GAP = 20;

/** Drives the controls inside one element. */
export class Transport {
  /** Called with a name when it is chosen. */
  onheard = () => {};
  /** Called once in a trial, when every version has been played. */
  oncomplete = () => {};

  #root;
  #engine = null;
  #duration = 0;
  /** @type {import("../player/clock.js").Region | null} The stretch to loop; null is all of it. */
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
      // The button is gone; focus must not go with it.
      this.#part("loop").focus();
    });
  }

  /**
   * Show the versions of a trial, which cannot be played yet.
   *
   * @param {string[]} names
   * @param {boolean} same  Whether it is the render of the trial before: its loop is kept.
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
   * Allow playing.
   *
   * @param {import("../player/engine.js").Engine} engine  With a track for every name.
   * @param {number} duration  Seconds.
   */
  open(engine, duration) {
    this.#engine = engine;
    this.#duration = duration;
    this.#part("seek").max = duration;
    engine.onend = () => this.#draw();
    this.#root.disabled = false;
    this.choose(this.#names[0]);
    this.#loop();
  }

  /** Stop, and let go of the sound. */
  close() {
    clearTimeout(this.#switching);
    this.#engine?.close();
    this.#engine = null;
    this.#duration = 0;
    this.#root.disabled = true;
  }

  /**
   * Hear a version.
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
   * A key pressed in the trial, where it means something to the transport.
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

  /** Begin or end the loop here; with null, loop everything again. */
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
    const looped = this.#region ?? { start: 0, end: this.#duration };
    this.#engine.loop(this.#part("loop").checked ? looped : null);
    this.#draw();
  }

  /** Remember what has been played. */
  #note() {
    if (!this.#engine.playing || !this.#unheard.delete(this.#chosen)) return;
    if (this.#unheard.size === 0) this.oncomplete();
  }

  /** Show where it stands, and again with every picture while it plays. */
  #draw() {
    const [position, playing] = [this.#engine?.position ?? 0, this.#engine?.playing ?? false];
    const [here, all] = [clock(position), clock(this.#duration)];
    this.#part("play").textContent = playing ? "Pause" : "Play";
    this.#part("time").textContent = `${here} / ${all}`;
    this.#part("seek").value = position;
    this.#part("seek").ariaValueText = `${here} of ${all}`;
    const { start, end } = this.#region ?? {};
    const stretch = this.#region ? `${exactClock(start)} to ${exactClock(end)}` : "all of it";
    this.#part("region").textContent = stretch;
    this.#part("whole").hidden = !this.#region;
    cancelAnimationFrame(this.#frame);
    if (playing) this.#frame = requestAnimationFrame(() => this.#draw());
  }
}
