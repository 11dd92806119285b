// Shows where the player is: the playhead on every lane, the time, the seek bar.

import { _ } from "../text.js";
import { clock } from "./wording.js";

const CALM_MILLISECONDS = 500;

export class Playhead {
  #player;
  #duration;
  /** Cancels the next scheduled drawing. */
  #rest = () => {};

  /**
   * @param {HTMLElement & {position: number, playing: boolean}} player
   * @param {number} duration  In seconds.
   */
  constructor(player, duration) {
    this.#player = player;
    this.#duration = duration;
  }

  /** Draw the playhead; during playback, repeat. */
  draw() {
    const player = this.#player;
    const seconds = player.position;
    player.style.setProperty("--ab-at", this.#duration ? seconds / this.#duration : 0);
    const all = clock(Math.round(this.#duration));
    const text = _("{time} of {all}", { time: clock(seconds), all });
    const time = player.querySelector("[data-part=time]");
    const seek = player.querySelector("[data-part=seek]");
    if (time.textContent !== text) {
      time.textContent = text;
      seek.setAttribute("aria-valuetext", text);
    }
    seek.value = seconds;
    player.dispatchEvent(new CustomEvent("ab-time", { detail: seconds }));
    this.#rest();
    if (!player.playing) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const timer = setTimeout(() => this.draw(), CALM_MILLISECONDS);
      this.#rest = () => clearTimeout(timer);
    } else {
      const frame = requestAnimationFrame(() => this.draw());
      this.#rest = () => cancelAnimationFrame(frame);
    }
  }
}
