// Interprets a result: its numbers, and plain sentences about them.

import { oneSided, twoSided } from "./binomial.js";

/** @typedef {import("./result.js").Result} Result */

/**
 * @typedef {object} Tally
 * @property {number} count  Trials.
 * @property {number} right  Right answers (ABX).
 * @property {number} head  Trials in which the build was preferred.
 * @property {number} base  Trials in which the base was preferred.
 * @property {number} none  Trials without a preference.
 * @property {number} p  Exact: one-sided binomial (ABX), or two-sided sign test without the ties.
 *
 * @param {Result} result
 * @returns {Tally}
 */
export function tally({ test, answers }) {
  const [right, head, base, none] = [..."1hbn"].map((letter) => answers.split(letter).length - 1);
  const count = answers.length;
  const p = test === "abx" ? oneSided(right, count) : twoSided(head, base);
  return { count, right, head, base, none, p };
}

/**
 * Format a probability.
 *
 * @param {number} p  From 0 to 1.
 * @returns {string} For example "p = 0.019".
 */
export function pText(p) {
  if (p === 1) return "p = 1";
  if (p > 0.999) return "p > 0.999";
  return `p = ${p < 0.001 ? p.toPrecision(2) : p.toFixed(3)}`;
}

/**
 * Explain what the numbers show, and what they do not, to a reader without statistics.
 *
 * @param {Result} result
 * @returns {string}
 */
export function sentence(result) {
  const { right, count, head, base, p } = tally(result);
  if (result.test === "abx") {
    const said =
      p <= 0.05
        ? "The listener probably heard a difference."
        : "So this does not show that the listener heard a difference, nor that there is none.";
    return `Guessing alone gets ${right} or more of ${count} right in ${often(p)}. ${said}`;
  }
  if (!head && !base) return "There was no preference in any trial, so there is nothing to test.";
  const said =
    p <= 0.05
      ? `The listener probably prefers ${head > base ? result.head : result.base}.`
      : "So this shows no preference, nor that the two sound alike.";
  const split = `a split at least as uneven as ${head} to ${base}`;
  return `If neither were better, ${split} would come up in ${often(p)}. ${said}`;
}

/**
 * Format the result as text for sharing.
 *
 * @param {Result} result
 * @param {string} renders  The renders of the test, in words.
 * @param {string} link  The URL that shows the result again.
 * @returns {string} Several lines.
 */
export function text(result, renders, link) {
  const { count, right, head, base, none, p } = tally(result);
  const found =
    result.test === "abx"
      ? [`${right} of ${count} right, ${pText(p)} (exact one-sided binomial test)`]
      : [
          `${result.head}: ${head}`,
          `${result.base}: ${base}`,
          `no preference: ${none}`,
          `${pText(p)} (exact two-sided sign test over the ${head + base} with a preference)`,
        ];
  return [
    `Blind test, ${title(result)}, ${date(result)}`,
    `${result.head} against ${result.base}`,
    `Renders: ${renders}`,
    ...found,
    sentence(result),
    link,
  ].join("\n");
}

/**
 * @param {Result} result
 * @returns {string} The test's name and length.
 */
export function title({ test, answers }) {
  return `${test === "abx" ? "ABX" : "preference"}, ${answers.length} trials`;
}

/**
 * @param {Result} result
 * @returns {string} Its date in words.
 */
export function date({ on }) {
  const style = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Date(`${on}T00:00:00Z`).toLocaleDateString("en-GB", style);
}

function often(p) {
  if (p === 1) return "every such test";
  if (p > 0.999) return "more than 99.9\u00a0% of such tests";
  const percent = 100 * p;
  return `${percent < 0.1 ? percent.toPrecision(2) : percent.toFixed(1)}\u00a0% of such tests`;
}
