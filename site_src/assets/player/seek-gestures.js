// Pointing at a picture of time: a tap is a spot, a drag is a stretch.

/** Pixels a finger may tremble during a tap. */
const TREMBLE = 8;

/**
 * @typedef {object} Pointed
 * @property {(share: number) => void} spot  A tap, as a share of the width.
 * @property {(from: number, to: number) => void} stretch  A drag that has ended.
 * @property {(from: number, to: number) => void} preview  A drag under way.
 * @property {() => void} abandon  A drag that came to nothing.
 */

/**
 * Watch a picture whose width is the whole signal.
 *
 * @param {HTMLElement} picture
 * @param {Pointed} pointed
 */
export function watch(picture, pointed) {
  const share = (event) => {
    const box = picture.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
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
  // The page took the finger for scrolling.
  picture.addEventListener("pointercancel", () => {
    began = null;
    pointed.abandon();
  });
}
