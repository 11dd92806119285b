// Encodes a track, a position and a loop in the fragment of a render's page URL.

/**
 * @typedef {object} Spot
 * @property {string} [track]
 * @property {number} [time]  Seconds.
 * @property {import("./clock.js").Region} [loop]
 */

/**
 * @param {Spot} spot
 * @returns {string} For example "#v=clean&t=12.30&l=10.00-14.50".
 */
export function toFragment({ track, time, loop }) {
  const parts = [];
  if (track) parts.push(`v=${encodeURIComponent(track)}`);
  if (time !== undefined) parts.push(`t=${time.toFixed(2)}`);
  if (loop) parts.push(`l=${loop.start.toFixed(2)}-${loop.end.toFixed(2)}`);
  return `#${parts.join("&")}`;
}

/**
 * @param {string} fragment  With or without its `#`.
 * @returns {Spot | null} The valid values; null if there are none.
 */
export function fromFragment(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const spot = {};
  const track = values.get("v");
  if (track) spot.track = track;
  const time = seconds(values.get("t"));
  if (time !== null) spot.time = time;
  const [start, end] = (values.get("l") ?? "").split("-").map(seconds);
  if (start !== null && end > start) spot.loop = { start, end };
  return Object.keys(spot).length ? spot : null;
}

function seconds(text) {
  return text && /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : null;
}
