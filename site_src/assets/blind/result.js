// A result as a link that carries everything in its fragment, which browsers send to nobody.

import { COUNTS, TESTS } from "./abx-session.js";

/**
 * @typedef {object} Result
 * @property {"abx" | "preference"} test
 * @property {string} answers  A letter a trial, as `Session.outcome` gives them.
 * @property {string | null} render  The id of the one that was listened to, or null for all.
 * @property {string} head  The label of the build that was tested.
 * @property {string} base  The label of the build it was compared with.
 * @property {string} on  The day, as in 2026-11-22.
 */

const MARK = "result";
const VERSION = "1";
const LONGEST = 4_000;
const LONGEST_LABEL = 120;
const LETTERS = { abx: /^[01]+$/, preference: /^[hbn]+$/ };
const ID = /^(?=.{1,120}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const KEYS = new Set([MARK, "test", "answers", "render", "head", "base", "on"]);

// Controls, line breaks and characters that hide or turn the reading order around.
const TREACHEROUS = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * A build's label as results carry it.
 *
 * @param {string} text
 * @returns {string} One line of at most 120 characters, each of which shows.
 */
export function label(text) {
  const plain = text.replace(new RegExp(TREACHEROUS, "gu"), " ").trim();
  return [...plain].slice(0, LONGEST_LABEL).join("").trim() || "unnamed";
}

/**
 * Whether a fragment means to be a result; there are others, such as a heading's id.
 *
 * @param {string} fragment  With or without its `#`.
 * @returns {boolean}
 */
export function claims(fragment) {
  return fragment.replace(/^#/, "").startsWith(`${MARK}=`);
}

/**
 * @param {Result} result
 * @returns {string} A fragment, with its `#`.
 */
export function encode({ test, answers, render, head, base, on }) {
  const values = new URLSearchParams({ [MARK]: VERSION, test, answers });
  if (render !== null) values.set("render", render);
  for (const [key, value] of Object.entries({ head, base, on })) values.set(key, value);
  return `#${values}`;
}

/**
 * Read a fragment that anybody may have written.
 *
 * @param {string} fragment  With or without its `#`.
 * @returns {Result} Such that it could have come from a test; its texts are still only texts.
 * @throws {Error} with a sentence for the reader, for everything else.
 */
export function decode(fragment) {
  if (fragment.length > LONGEST) throw refused("is longer than any result");
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const keys = [...values.keys()];
  if (keys.some((key) => !KEYS.has(key)) || new Set(keys).size !== keys.length) {
    throw refused("holds something that results do not have");
  }
  if (values.get(MARK) !== VERSION) throw refused("is of a kind that this page does not know");
  const [test, answers, render] = ["test", "answers", "render"].map((key) => values.get(key));
  if (!Object.hasOwn(TESTS, test ?? "")) throw refused("names no test");
  if (!LETTERS[test].test(answers ?? "") || !COUNTS.includes(answers.length)) {
    throw refused("has answers that no test could have given");
  }
  if (render !== null && !ID.test(render)) throw refused("names no render");
  const [head, base, on] = ["head", "base", "on"].map((key) => values.get(key) ?? "");
  if (label(head) !== head || label(base) !== base) throw refused("does not name the builds");
  if (!isDay(on)) throw refused("has no date");
  return { test, answers, render, head, base, on };
}

/**
 * @param {Date} moment
 * @returns {string} Its day where the listener is, as in 2026-11-22.
 */
export function day(moment) {
  const parts = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function isDay(text) {
  if (!/^2\d{3}-\d{2}-\d{2}$/.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

function refused(why) {
  return new Error(`This link is not a result that the blind test gave: it ${why}.`);
}
