// Computes playback positions and loops: pure functions on times in seconds, or all in samples.

/**
 * @typedef {object} Region  A part of the signal.
 * @property {number} start
 * @property {number} end
 *
 * @typedef {object} Run  One uninterrupted period of playback.
 * @property {number} time  When it began, on the audio context's clock.
 * @property {number} offset  The position it began at.
 * @property {number} duration  The length of the signal.
 * @property {Region | null} loop  The region that is repeated, or null.
 */

/**
 * Return the position in the signal at `time`. As in Web Audio's looping sources, the position
 * jumps from the end of the loop back to its start.
 *
 * @param {Run} run
 * @param {number} time  On the audio context's clock.
 * @returns {number} From the start of the signal.
 */
export function positionAt(run, time) {
  const reached = run.offset + Math.max(0, time - run.time);
  if (!run.loop) return Math.min(reached, run.duration);
  const { start, end } = run.loop;
  return reached < end ? reached : start + ((reached - start) % (end - start));
}

/**
 * Return the position at which playback can start: `position`, limited to the signal. A position
 * at or after the end of the loop becomes the start of the loop, as in Web Audio's sources.
 *
 * @param {number} position
 * @param {number} duration
 * @param {Region | null} loop
 * @returns {number}
 */
export function entry(position, duration, loop) {
  const inside = Math.min(Math.max(0, position), duration);
  return loop && inside >= loop.end ? loop.start : inside;
}

/**
 * Return the loop that starts here. It keeps its end, unless that is not after `here`.
 *
 * @param {number} here
 * @param {Region | null} loop  The one there is.
 * @param {number} duration
 * @returns {Region | null} Null where it would be too short to hear.
 */
export function loopFrom(here, loop, duration) {
  return region(here, loop && here < loop.end ? loop.end : duration, duration);
}

/**
 * Return the loop that ends here. It keeps its start, unless that is not before `here`.
 *
 * @param {number} here
 * @param {Region | null} loop  The one there is.
 * @param {number} duration
 * @returns {Region | null} Null where it would be too short to hear.
 */
export function loopTo(here, loop, duration) {
  return region(loop && here > loop.start ? loop.start : 0, here, duration);
}

/**
 * Return a region inside the signal with its ends in order, or null if it is too short to hear.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} duration
 * @param {number} shortest  Seconds.
 * @returns {Region | null}
 */
export function region(from, to, duration, shortest = 0.1) {
  const start = Math.max(0, Math.min(from, to));
  const end = Math.min(duration, Math.max(from, to));
  return end - start >= shortest ? { start, end } : null;
}
