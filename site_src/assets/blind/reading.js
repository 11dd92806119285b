// Interprets a result: its numbers, and plain sentences about them.

import { _, decimal } from "../text.js";
import { COUNTS, TESTS } from "./abx-session.js";
import { detectable, needed, oneSided, twoSided } from "./binomial.js";

/** @typedef {import("./result.js").Result} Result */

/** The largest p that counts as significant. */
const LEVEL = 0.05;

/** What each answer says. */
export const SAID = {
  abx: { A: _("X is A"), B: _("X is B") },
  preference: { 1: "1", none: _("No difference"), 2: "2" },
};

/**
 * @typedef {object} Tally
 * @property {number} count  Trials.
 * @property {number} right  Right answers (ABX).
 * @property {number} head  Trials in which the build was preferred.
 * @property {number} base  Trials in which the base was preferred.
 * @property {number} none  Trials in which no difference was heard.
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
  if (p > 0.999) return `p > ${decimal(0.999, 3)}`;
  return `p = ${p < 0.001 ? p.toPrecision(2).replace(".", decimal(0.1, 1)[1]) : decimal(p, 3)}`;
}

/**
 * Say what a number of trials can show, before the test.
 *
 * @param {"abx" | "preference"} test
 * @param {number} count  Trials, one of `COUNTS`.
 * @returns {string[]} Sentences.
 */
export function certainty(test, count) {
  const abx = test === "abx";
  const k = enough(test, count);
  const all = COUNTS.map((n) => _("{k} of {n}", { k: enough(test, n), n }));
  const needs = _("{first} or {last}", { first: all.slice(0, -1).join(", "), last: all.at(-1) });
  const level = decimal(LEVEL, 2);
  const p = abx ? oneSided(k, count) : twoSided(k, count - k);
  const found = percent(detectable(count, k));
  return abx
    ? [
        _("A difference is shown (p ≤ {level}) by {needs} right answers.", { level, needs }),
        _("{k} of {count} right is {p}: guessing alone does that well in {often}.", {
          k,
          count,
          p: pText(p),
          often: often(p),
        }),
        _(
          "{count} trials probably (80\u00a0%) find a listener who is right in {found} of them; for a fainter difference they are too few.",
          { count, found },
        ),
      ]
    : [
        _("A preference is shown (p ≤ {level}) by {needs} answers for the same version.", {
          level,
          needs,
        }),
        _(
          "{k} to {rest} is {p}: without any preference, a split that uneven comes up in {often}.",
          { k, rest: count - k, p: pText(p), often: often(p) },
        ),
        _(
          "{count} trials probably (80\u00a0%) find a preference that is given in {found} of them. “No difference” counts for neither version, so then more are needed.",
          { count, found },
        ),
      ];
}

/**
 * Explain what the numbers show, and what they do not, to a reader without statistics.
 *
 * @param {Result} result
 * @returns {string}
 */
export function sentence(result) {
  return result.test === "abx" ? heard(tally(result)) : preferred(result, tally(result));
}

function heard({ right, count, p }) {
  const by = _("Guessing alone gets {right} or more of {count} right in {often}.", {
    right,
    count,
    often: often(p),
  });
  if (p <= LEVEL) return `${by} ${_("The listener probably heard a difference.")}`;
  const q = detectable(count, enough("abx", count));
  const rest = _(
    "No difference was shown, which is not a proof that there is none: with 80\u00a0% power, {count} trials find only a listener who is right in at least {right} of them: one who hears the difference in {heard} and guesses in the rest.",
    { count, right: percent(q), heard: percent(2 * q - 1) },
  );
  return `${by} ${rest}`;
}

function preferred(result, { count, head, base, p }) {
  const given = head + base;
  if (!given) {
    return _(
      "The listener heard no difference in any of {count} trials, which is not a proof that there is none.",
      { count },
    );
  }
  const by = _(
    "If neither were better, a split at least as uneven as {head} to {base} would come up in {often}.",
    { head, base, often: often(p) },
  );
  if (p <= LEVEL) {
    const name = head > base ? result.head : result.base;
    return `${by} ${_("The listener probably prefers {name}.", { name })}`;
  }
  const k = enough("preference", given);
  const rest =
    k > given
      ? _(
          "No preference was shown, which is not a proof that there is none: so few answers with a preference cannot show one.",
        )
      : _(
          "No preference was shown, which is not a proof that there is none: with 80\u00a0% power, {given} answers with a preference show only one that is given in at least {share} of them.",
          { given, share: percent(detectable(given, k)) },
        );
  return `${by} ${rest}`;
}

/**
 * @param {string} letter  The outcome of a trial.
 * @param {{head: string, base: string}} titles  The title of each version, with its mark.
 * @returns {string} For example "✓ right".
 */
export function verdict(letter, { head, base }) {
  return { 1: _("✓ right"), 0: _("✗ wrong"), h: head, b: base, n: _("– no difference") }[letter];
}

/**
 * Say what was played in a trial, and what the listener answered.
 *
 * @param {Result} result
 * @param {number} at  The index of the trial.
 * @param {{head: string, base: string}} titles  The title of each version, with its mark.
 * @returns {{played: string[], answer: string}}
 */
export function trialWords({ test, answers, first, x }, at, titles) {
  const names = { h: titles.head, b: titles.base };
  const other = first[at] === "h" ? "b" : "h";
  const abx = test === "abx";
  const [one, two] = TESTS[test].names;
  const played = [`${one} = ${names[first[at]]}`, `${two} = ${names[other]}`];
  if (abx) played.push(`X = ${names[x[at]]}`);
  // In ABX a right answer names the version that was X.
  const taken = abx ? (answers[at] === "1" ? x[at] : flipped(x[at])) : answers[at];
  const choice = taken === "n" ? "none" : taken === first[at] ? one : two;
  return { played, answer: SAID[test][choice] };
}

function flipped(version) {
  return version === "h" ? "b" : "h";
}

/**
 * Format the result as text for sharing.
 *
 * @param {Result} result
 * @param {string[]} paths  The render of each trial.
 * @param {string} link  The URL that shows the result again.
 * @param {{head: string, base: string}} titles  The title of each version, with its mark.
 * @returns {string} Several lines.
 */
export function text(result, paths, link, titles) {
  const { count, right, head, base, none, p } = tally(result);
  const found =
    result.test === "abx"
      ? [_("{right} of {count} right, {p} (exact one-sided binomial test)", { right, count, p: pText(p) })]
      : [
          `${result.head}: ${head}`,
          `${result.base}: ${base}`,
          _("no difference: {none}", { none }),
          _("{p} (exact two-sided sign test over the {count} with a preference)", {
            p: pText(p),
            count: head + base,
          }),
        ];
  const trials = paths.map(
    (path, at) => `${at + 1}. ${verdict(result.answers[at], titles)}: ${path}`,
  );
  return [
    _("Blind test, {title}, {date}", { title: title(result), date: date(result) }),
    _("{head} against {base}", { head: result.head, base: result.base }),
    _("Heard: {renders}", { renders: renders(paths) }),
    ...found,
    sentence(result),
    ...trials,
    link,
  ].join("\n");
}

/**
 * @param {string[]} paths  The render of each trial.
 * @returns {string} The one render, or how many.
 */
export function renders(paths) {
  const different = new Set(paths);
  return different.size === 1 ? paths[0] : _("{count} renders, mixed", { count: different.size });
}

/**
 * @param {Result} result
 * @returns {string} The test's name and length.
 */
export function title({ test, answers }) {
  const name = test === "abx" ? "ABX" : _("preference");
  return _("{name}, {count} trials", { name, count: answers.length });
}

/**
 * @param {Result} result
 * @returns {string} Its date in words.
 */
export function date({ on }) {
  const { lang } = globalThis.document?.documentElement ?? {};
  const dates = lang && lang !== "en" ? lang : "en-GB";
  const style = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Date(`${on}T00:00:00Z`).toLocaleDateString(dates, style);
}

function often(p) {
  if (p === 1) return _("every such test");
  if (p > 0.999) return _("more than {share}\u00a0% of such tests", { share: decimal(99.9, 1) });
  const percent = 100 * p;
  const share = percent < 0.1 ? percent.toPrecision(2).replace(".", decimal(0.1, 1)[1]) : decimal(percent, 1);
  return _("{share}\u00a0% of such tests", { share });
}

/** Return how many of `count` answers show something. */
function enough(test, count) {
  const p = (k) => (test === "abx" ? oneSided(k, count) : twoSided(k, count - k));
  return needed(count, p, LEVEL);
}

/** Format a share as whole percent, rounded up: less would not be enough. */
function percent(share) {
  return `${Math.ceil(100 * share)}\u00a0%`;
}
