// Pointer gestures on a picture with a time axis: a tap is a position, a drag is a region.

/** Pixels that a finger may move during a tap. */
const TREMBLE = 8;

/**
 * @typedef {object} Pointed
 * @property {(share: number) => void} spot  A tap. All values are shares of the signal, 0 to 1.
 * @property {(from: number, to: number) => void} stretch  A finished drag.
 * @property {(from: number, to: number) => void} preview  A drag in progress.
 * @property {() => void} abandon  A cancelled drag.
 */

/**
 * Listen for gestures on a picture whose width is the whole signal, or the part of it that the
 * picture's data have as `from` and `to`.
 *
 * @param {HTMLElement} picture
 * @param {Pointed} pointed
 */
export function watch(picture, pointed) {
  const share = (event) => {
    const { left, width } = picture.getBoundingClientRect();
    const { from = 0, to = 1 } = picture.dataset;
    const inside = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return Number(from) + inside * (to - from);
  };
  let began = null;
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    began = { x: event.clientX, share: share(event), dragged: false };
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    if (!began) return;
    began.dragged ||= Math.abs(event.clientX - began.x) > TREMBLE;
    if (began.dragged) pointed.preview(began.share, share(event));
  });
  picture.addEventListener("pointerup", (event) => {
    if (!began) return;
    if (began.dragged) pointed.stretch(began.share, share(event));
    else pointed.spot(share(event));
    began = null;
  });
  // The browser uses the gesture to scroll the page.
  picture.addEventListener("pointercancel", () => {
    began = null;
    pointed.abandon();
  });
}
