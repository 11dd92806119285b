// Pins of remarks on the player's pictures of time. They are for the pointer: the list of remarks
// has the same for the keyboard and for screen readers.

import { element } from "../blind/elements.js";

/**
 * @typedef {object} Pin
 * @property {number} at  Seconds.
 * @property {string} label  One or two characters.
 * @property {string} text  All of it, shown while the pointer rests on the pin.
 * @property {boolean} own  Whether it is the reader's own remark.
 * @property {() => void} press
 *
 * Replace the pins on every picture of time.
 *
 * @param {HTMLElement} player
 * @param {Pin[]} pins
 */
export function drawPins(player, pins) {
  const duration = Number(player.dataset.duration);
  for (const lane of player.querySelectorAll("[data-lane]")) {
    for (const old of lane.querySelectorAll(".st-pin")) old.remove();
    lane.append(...pins.map((pin) => drawn(pin, pin.at / duration)));
  }
}

function drawn({ label, text, own, press }, share) {
  const pin = element("i", own ? "st-pin st-own" : "st-pin", element("b", "", label));
  pin.style.setProperty("--st-at", String(Math.min(1, share)));
  pin.title = text;
  pin.ariaHidden = "true";
  // Or the picture would take the press for a position.
  pin.addEventListener("pointerdown", (event) => event.stopPropagation());
  pin.addEventListener("click", press);
  return pin;
}
