// Encodes a result in the fragment of a link. Browsers do not send the fragment to any server.

import { COUNTS, TESTS } from "./abx-session.js";

/**
 * @typedef {object} Result
 * @property {"abx" | "preference"} test
 * @property {string} answers  One letter per trial, as `Session.outcome` returns them.
 * @property {string | null} render  The id of the tested render, or null for all renders.
 * @property {string} head  The label of the build that was tested.
 * @property {string} base  The label of the build it was compared with.
 * @property {string} on  The date, for example 2026-11-22.
 */

const MARK = "result";
const VERSION = "1";
const LONGEST = 4_000;
const LONGEST_LABEL = 120;
const LETTERS = { abx: /^[01]+$/, preference: /^[hbn]+$/ };
const ID = /^(?=.{1,120}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const KEYS = new Set([MARK, "test", "answers", "render", "head", "base", "on"]);

// Control characters, line breaks, invisible characters and those that reverse the text direction.
const TREACHEROUS = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Clean a build's label for use in a result.
 *
 * @param {string} text
 * @returns {string} One line of at most 120 visible characters.
 */
export function label(text) {
  const plain = text.replace(new RegExp(TREACHEROUS, "gu"), " ").trim();
  return [...plain].slice(0, LONGEST_LABEL).join("").trim() || "unnamed";
}

/**
 * Return whether a fragment claims to be a result, and is not, for example, a heading's id.
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
 * Decode an untrusted fragment.
 *
 * @param {string} fragment  With or without its `#`.
 * @returns {Result} A result that a test could have given. Its strings are untrusted text.
 * @throws {Error} with a message for the reader, if the fragment is no such result.
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
 * @returns {string} Its date in the listener's time zone, for example 2026-11-22.
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
