// Shows the strips of a long render's spectrograms that have the position, and their times.

import { clock } from "./wording.js";

const TICK_SECONDS = 10;

const player = document.querySelector("stem-ab");
await customElements.whenDefined("stem-ab");
const strips = player.live ? player.querySelectorAll("[data-strips]") : [];
const duration = Number(player.dataset.duration);

if (strips.length) {
  const ticks = player.querySelector(".ab-spectra .ab-ticks");
  const follow = (seconds) => {
    for (const strip of strips) if (show(strip, seconds / duration)) mark(ticks, strip);
  };
  player.addEventListener("ab-time", ({ detail: seconds }) => follow(seconds));
  follow(player.position);
}

/** Show the part of a strip's spectrogram that has a share of the render. Return if it is new. */
function show(strip, share) {
  const count = Number(strip.dataset.strips);
  const index = Math.min(count - 1, Math.floor(share * count));
  if (strip.dataset.from === String(index / count)) return false;
  [strip.dataset.from, strip.dataset.to] = [index / count, (index + 1) / count];
  strip.style.setProperty("--ab-first", index);
  const picture = strip.querySelector("img");
  picture.src = picture.src.replace(/\d+(?=\.webp$)/, String(index).padStart(3, "0"));
  return true;
}

/** Write the times of a strip under it. */
function mark(ticks, { dataset }) {
  const [from, to] = [dataset.from * duration, dataset.to * duration];
  const marks = [];
  for (let time = TICK_SECONDS * Math.ceil(from / TICK_SECONDS); time < to; time += TICK_SECONDS) {
    const tick = document.createElement("span");
    const share = (time - from) / (to - from);
    tick.style.left = `${100 * share}%`;
    tick.textContent = clock(time);
    // A label at an edge would be outside.
    if (share > 0.03 && share < 0.97) marks.push(tick);
  }
  ticks.replaceChildren(...marks);
}
