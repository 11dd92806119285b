// Formats numbers for people, and converts decibels.

import { decimal } from "../text.js";

/**
 * Format a time as minutes, seconds and tenths, for the ends of a region.
 *
 * @param {number} seconds
 * @returns {string} For example "1:23.4".
 */
export function exactClock(seconds) {
  const tenths = Math.round(seconds * 10);
  const mark = decimal(0.1, 1)[1];
  return `${clock(tenths / 10)}${mark}${tenths % 10}`;
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
  const text = decimal(Math.abs(db), 1);
  return `${db < 0 && /[1-9]/.test(text) ? "−" : ""}${text} dB`;
}

/**
 * Format a number of bytes in decimal units.
 *
 * @param {number} count
 * @returns {string} For example "2.3 MB".
 */
export function bytes(count) {
  if (count >= 1e6) return `${decimal(count / 1e6, 1)} MB`;
  return count >= 1e3 ? `${decimal(count / 1e3, 1)} kB` : `${count} B`;
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
