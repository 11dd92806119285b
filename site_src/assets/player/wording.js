// Formats numbers for people, and converts decibels.

/**
 * Format a time as minutes, seconds and tenths, for the ends of a region.
 *
 * @param {number} seconds
 * @returns {string} For example "1:23.4".
 */
export function exactClock(seconds) {
  const tenths = Math.round(seconds * 10);
  return `${clock(tenths / 10)}.${tenths % 10}`;
}

/**
 * Format a time as minutes and seconds.
 *
 * @param {number} seconds
 * @returns {string} For example "1:23".
 */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (part) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = two(whole % 60);
  return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/**
 * Format a gain, with a minus sign instead of a hyphen.
 *
 * @param {number} db
 * @returns {string} For example "−3.2 dB".
 */
export function decibels(db) {
  const text = Math.abs(db).toFixed(1);
  return `${db < 0 && text !== "0.0" ? "−" : ""}${text} dB`;
}

/**
 * Format a number of bytes in decimal units.
 *
 * @param {number} count
 * @returns {string} For example "2.3 MB".
 */
export function bytes(count) {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)} kB` : `${count} B`;
}

/**
 * Convert a gain in decibels to a linear factor.
 *
 * @param {number} db
 * @returns {number}
 */
export function linear(db) {
  return 10 ** (db / 20);
}
