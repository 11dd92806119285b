// Where playback stands. Pure arithmetic on seconds: the engine asks it, and so do the tests.

/**
 * @typedef {object} Region  A stretch of the signal, in seconds.
 * @property {number} start
 * @property {number} end
 *
 * @typedef {object} Run  One uninterrupted stretch of playing.
 * @property {number} time  When it began, on the audio context's clock.
 * @property {number} offset  The position it began at.
 * @property {number} duration  The length of the signal.
 * @property {Region | null} loop  What is played over and over, or null.
 */

/**
 * The position in the signal at `time`, as Web Audio's looping sources count it: up to the end of
 * the loop, and from its start again.
 *
 * @param {Run} run
 * @param {number} time  Seconds on the audio context's clock.
 * @returns {number} Seconds from the start of the signal.
 */
export function positionAt(run, time) {
  const reached = run.offset + Math.max(0, time - run.time);
  if (!run.loop) return Math.min(reached, run.duration);
  const { start, end } = run.loop;
  return reached < end ? reached : start + ((reached - start) % (end - start));
}

/**
 * Where playing can begin when `position` is asked for: inside the signal, and not behind the
 * loop, where a source would go back to the loop's start at once.
 *
 * @param {number} position
 * @param {number} duration
 * @param {Region | null} loop
 * @returns {number} Seconds.
 */
export function entry(position, duration, loop) {
  const inside = Math.min(Math.max(0, position), duration);
  return loop && inside >= loop.end ? loop.start : inside;
}

/**
 * The loop that begins here: it keeps its end, unless that has been passed.
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
 * The loop that ends here: it keeps its start, unless that is still to come.
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
 * A region inside the signal with its ends in order, or null where it would be too short to hear.
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
