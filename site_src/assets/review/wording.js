// The words of reviews, and how untrusted text is shown.

import { element } from "../blind/elements.js";
import { _ } from "../text.js";

/** For each decision: its mark, its word and the style of its chip. */
export const DECISIONS = {
  approved: ["✓", _("Approved"), "st-pass"],
  needs_work: ["✗", _("Needs work"), "st-fail"],
  skipped: ["–", _("Skipped"), "st-none"],
};

const CHIPS = {
  approved: _("✓ approved"),
  needs_work: _("✗ needs work"),
  skipped: _("– skipped"),
};

/** The tracks within a sentence. */
export const TRACK_NAMES = { raw: _("raw"), clean: _("clean"), removed: _("removed") };

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
  const style = DECISIONS[decision][2];
  return element("span", `st-chip ${style}`, CHIPS[decision]);
}

/**
 * @param {number} count
 * @param {"decision" | "remark" | "render"} noun
 * @returns {string} For example "2 remarks".
 */
export function counted(count, noun) {
  const [one, many] = {
    decision: [_("1 decision"), _("{count} decisions", { count })],
    remark: [_("1 remark"), _("{count} remarks", { count })],
    render: [_("1 render"), _("{count} renders", { count })],
  }[noun];
  return count === 1 ? one : many;
}

/**
 * Return the remarks of an entry that were not withdrawn, by time.
 *
 * @param {import("./review-file.js").Entry} entry
 */
export function standing({ remarks }) {
  return remarks.filter(({ text }) => text).sort((one, other) => one.at - other.at);
}
