// The words of reviews, and how untrusted text is shown.

import { element } from "../blind/elements.js";

/** For each decision: its mark, its word and the style of its chip. */
export const DECISIONS = {
  approved: ["✓", "Approved", "st-pass"],
  needs_work: ["✗", "Needs work", "st-fail"],
  skipped: ["–", "Skipped", "st-none"],
};

// Control characters, invisible ones and those that reverse the direction of text.
const TREACHEROUS = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/**
 * Return text as one line of visible characters.
 *
 * @param {string} text
 */
export function visible(text) {
  return text.replace(TREACHEROUS, " ");
}

/**
 * Return text that may be of either direction, as an element.
 *
 * @param {string} text
 */
export function isolated(text) {
  return element("bdi", "", visible(text));
}

/**
 * Return a decision as a mark and a word.
 *
 * @param {import("./review-file.js").Decision} decision
 */
export function chip(decision) {
  const [mark, word, style] = DECISIONS[decision];
  return element("span", `st-chip ${style}`, `${mark} ${word.toLowerCase()}`);
}

/**
 * @param {number} count
 * @param {string} noun
 * @returns {string} For example "2 remarks".
 */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Return the remarks of an entry that were not withdrawn, by time.
 *
 * @param {import("./review-file.js").Entry} entry
 */
export function standing({ remarks }) {
  return remarks.filter(({ text }) => text).sort((one, other) => one.at - other.at);
}
