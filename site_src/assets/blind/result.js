// Encodes a result in the fragment of a link. Browsers do not send the fragment to any server.

import { _ } from "../text.js";
import { COUNTS, TESTS } from "./abx-session.js";

/**
 * @typedef {object} Result
 * @property {"abx" | "preference"} test
 * @property {string} answers  One letter per trial, as `Session.outcome` returns them.
 * @property {string} first  The version that was A or 1, one letter per trial: "h" head, "b" base.
 * @property {string} x  The version that was X, in the same way; empty for a preference.
 * @property {string[]} renders  The id of each trial's render.
 * @property {string} head  The label of the build that was tested.
 * @property {string} base  The label of the build it was compared with.
 * @property {string} on  The date, for example 2026-11-22.
 */

const MARK = "result";
const VERSION = "2";
const LONGEST = 6_000;
const LONGEST_LABEL = 120;
const LETTERS = { abx: /^[01]+$/, preference: /^[hbn]+$/ };
const VERSIONS = /^[hb]+$/;
const ID = /^(?=.{1,120}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const KEYS = new Set(
  [MARK, "test", "answers", "first", "x", "renders", "order", "head", "base", "on"],
);
/** The order of the renders has one digit per trial: an index of `renders`. */
const DIGITS = 36;

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
  return [...plain].slice(0, LONGEST_LABEL).join("").trim() || _("unnamed");
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
export function encode({ test, answers, first, x, renders, head, base, on }) {
  const values = new URLSearchParams({ [MARK]: VERSION, test, answers, first });
  if (x) values.set("x", x);
  const ids = [...new Set(renders)];
  values.set("renders", ids.join("."));
  values.set("order", renders.map((id) => ids.indexOf(id).toString(DIGITS)).join(""));
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
  if (fragment.length > LONGEST) throw refused(_("is longer than any result"));
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const keys = [...values.keys()];
  if (keys.some((key) => !KEYS.has(key)) || new Set(keys).size !== keys.length) {
    throw refused(_("holds something that results do not have"));
  }
  if (values.get(MARK) !== VERSION) throw refused(_("is of a kind that this page does not know"));
  const [test, answers] = ["test", "answers"].map((key) => values.get(key));
  if (!Object.hasOwn(TESTS, test ?? "")) throw refused(_("names no test"));
  if (!LETTERS[test].test(answers ?? "") || !COUNTS.includes(answers.length)) {
    throw refused(_("has answers that no test could have given"));
  }
  const [first, x, head, base, on] = ["first", "x", "head", "base", "on"].map(
    (key) => values.get(key) ?? "",
  );
  const played = (text) => VERSIONS.test(text) && text.length === answers.length;
  if (!played(first) || (test === "abx" ? !played(x) : values.has("x"))) {
    throw refused(_("does not say what was played"));
  }
  const ids = (values.get("renders") ?? "").split(".");
  const order = [...(values.get("order") ?? "")].map((digit) => ids[parseInt(digit, DIGITS)]);
  if (!ids.every((id) => ID.test(id)) || order.length !== answers.length || order.includes()) {
    throw refused(_("does not name the render of every trial"));
  }
  if (label(head) !== head || label(base) !== base) throw refused(_("does not name the builds"));
  if (!isDay(on)) throw refused(_("has no date"));
  return { test, answers, first, x, renders: order, head, base, on };
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
  return new Error(_("This link is not a result that the blind test gave: it {why}.", { why }));
}
