// Reads, merges and writes reviews. The rules are those of `stemsilver/report/reviews/`, and a test
// compares both. Files and links come from other people: nothing in them is trusted.

import { _ } from "../text.js";

/**
 * @typedef {"approved" | "needs_work" | "skipped"} Decision
 *
 * @typedef {object} Remark  One without text was withdrawn.
 * @property {string} id
 * @property {number} at  Seconds.
 * @property {"raw" | "clean" | "removed"} track
 * @property {string} text
 * @property {string} written  As `Date.toISOString` writes it, as all moments here.
 *
 * @typedef {object} Entry  What is said about one output.
 * @property {string} path
 * @property {string} sound_sha256
 * @property {Decision | null} decision
 * @property {string | null} decided
 * @property {Remark[]} remarks
 *
 * @typedef {{profile: string, config_digest: string, created: string}} Build
 *
 * @typedef {{reviewer: string, build: Build, renders: Entry[]}} Review
 */

const KIND = "stemsilver-review";
const VERSION = 1;

/** The largest review that is read, in bytes. */
export const MAX_BYTES = 2_000_000;
export const MAX_NAME = 80;
export const MAX_TEXT = 2000;
export const MAX_REMARKS = 500;
const MAX_RENDERS = 20_000;

export const TRACKS = ["raw", "clean", "removed"];

/** Of two decisions of the same moment, the more cautious one counts. */
const CAUTION = [null, "skipped", "approved", "needs_work"];

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

/**
 * Read a review from the text of a file.
 *
 * @param {string} text
 * @param {boolean} [named]  Whether the reviewer must have a name.
 * @returns {Review}
 * @throws {Error} with a sentence for the reader, if it is no valid review.
 */
export function readReview(text, named = true) {
  if (new TextEncoder().encode(text).length > MAX_BYTES) throw tooLarge();
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    throw refused(_("it is not JSON"));
  }
  if (values === null || typeof values !== "object" || Array.isArray(values)) {
    throw invalid("the whole");
  }
  if (values.kind !== KIND) throw refused(_("its kind is {kind}", { kind: shown(values.kind) }));
  if (values.schema_version !== VERSION) {
    const versions = { version: shown(values.schema_version), known: VERSION };
    throw new Error(
      _("This review has the version {version}; this page reads version {known}.", versions),
    );
  }
  return {
    reviewer: named || values.reviewer !== "" ? oneLine(values.reviewer, "reviewer") : "",
    build: build(values.build),
    renders: list(values.renders, MAX_RENDERS, "renders", entry),
  };
}

/**
 * @param {Review} review
 * @returns {string} The text of its file.
 */
export function reviewText({ reviewer, build, renders }) {
  return JSON.stringify({ kind: KIND, schema_version: VERSION, reviewer, build, renders });
}

/** @returns {Error} The refusal of a review that is larger than any that is read. */
export function tooLarge() {
  return refused(_("it is larger than 2 MB"));
}

/**
 * Return whether two reviews are by the same person: the case of the name does not matter.
 *
 * @param {Review} one
 * @param {Review} other
 */
export function samePerson(one, other) {
  return one.reviewer.toLowerCase() === other.reviewer.toLowerCase();
}

/**
 * Return a function that finds what a review says about an output; an empty entry if nothing.
 *
 * @param {Review} review
 * @returns {(output: {path: string, sound_sha256: string}) => Entry}
 */
export function entries({ renders }) {
  const said = new Map(renders.map((one) => [about(one), one]));
  return ({ path, sound_sha256 }) =>
    said.get(about({ path, sound_sha256 })) ??
    { path, sound_sha256, decision: null, decided: null, remarks: [] };
}

const about = ({ path, sound_sha256 }) => JSON.stringify([path, sound_sha256]);

/**
 * Merge the reviews of one person. Of several decisions on an output the latest counts, and a
 * remark has its latest text; different texts of the same moment are all kept.
 *
 * @param {Review[]} found  At least one; their order has no effect.
 * @returns {Review}
 */
export function mergeReviews(found) {
  const latest = found.reduce((best, one) =>
    follows([one.build.created, one.reviewer], [best.build.created, best.reviewer]) ? one : best,
  );
  const outputs = new Map();
  for (const one of found.flatMap(({ renders }) => renders)) {
    outputs.set(about(one), [...(outputs.get(about(one)) ?? []), one]);
  }
  const renders = [...outputs.values()].map(mergeEntries).sort(by(["path", "sound_sha256"]));
  return { reviewer: latest.reviewer, build: latest.build, renders };
}

/** Return what the entries about one output say together. */
function mergeEntries(found) {
  const weight = ({ decision, decided }) => [decided ?? "", CAUTION.indexOf(decision)];
  const last = found.reduce((best, one) => (follows(weight(one), weight(best)) ? one : best));
  return { ...last, remarks: mergeRemarks(found.flatMap(({ remarks }) => remarks)) };
}

function mergeRemarks(found) {
  const latest = new Map();
  for (const { id, written } of found) {
    if (written > (latest.get(id) ?? "")) latest.set(id, written);
  }
  const versions = new Map(found.map((one) => [JSON.stringify(one), one]));
  return [...versions.values()]
    .filter(({ id, written }) => written === latest.get(id))
    .sort(by(["at", "written", "id", "text"]));
}

function by(names) {
  return (one, other) => {
    const name = names.find((name) => one[name] !== other[name]);
    return name === undefined ? 0 : one[name] < other[name] ? -1 : 1;
  };
}

/** Return whether the tuple `one` is greater than `other`. */
function follows(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at] > other[at];
}

function build(values) {
  const { profile, config_digest, created } = object(values, "build");
  return {
    profile: text(profile, 1, 255, "build.profile"),
    config_digest: matching(config_digest, /^[0-9a-f]{4,64}$/, "build.config_digest"),
    created: text(created, 1, 255, "build.created"),
  };
}

function entry(values, where) {
  const { path, sound_sha256, decision, decided, remarks } = object(values, where);
  if (!CAUTION.includes(decision)) throw invalid(`${where}.decision`);
  return {
    path: text(path, 1, 4096, `${where}.path`),
    sound_sha256: matching(sound_sha256, /^[0-9a-f]{64}$/, `${where}.sound_sha256`),
    decision,
    decided: decided === null ? null : moment(decided, `${where}.decided`),
    remarks: list(remarks, MAX_REMARKS, `${where}.remarks`, remark),
  };
}

function remark(values, where) {
  const { id, at, track, text: said, written } = object(values, where);
  if (typeof at !== "number" || !(at >= 0 && at <= 1e6)) throw invalid(`${where}.at`);
  if (!TRACKS.includes(track)) throw invalid(`${where}.track`);
  return {
    id: matching(id, /^[A-Za-z0-9_-]{1,40}$/, `${where}.id`),
    at,
    track,
    text: text(said, 0, MAX_TEXT, `${where}.text`),
    written: moment(written, `${where}.written`),
  };
}

function object(values, where) {
  if (values === null || typeof values !== "object") throw invalid(where);
  return values;
}

function list(values, most, where, read) {
  if (!Array.isArray(values) || values.length > most) throw invalid(where);
  return values.map((one, index) => read(one, `${where}.${index}`));
}

function text(value, least, most, where) {
  // Counted as Python does: a character outside the basic plane is one.
  const length = typeof value === "string" ? [...value].length : -1;
  if (length < least || length > most) throw invalid(where);
  return value;
}

/**
 * Return a name as one line.
 *
 * @param {unknown} value
 * @param {string} [where]
 * @returns {string}
 * @throws {Error} if it is empty or too long.
 */
export function oneLine(value, where = "name") {
  // What Python takes for space.
  const words = text(value, 1, MAX_NAME, where).split(/[\s\x1c-\x1f\x85]+/);
  return text(words.filter(Boolean).join(" "), 1, MAX_NAME, where);
}

function matching(value, pattern, where) {
  if (typeof value !== "string" || !pattern.test(value)) throw invalid(where);
  return value;
}

function moment(value, where) {
  const date = new Date(matching(value, MOMENT, where));
  // Dates that do not exist, such as 30 February, would silently become another day.
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value.slice(0, 19));
  if (!exists || value.startsWith("0000")) throw invalid(where);
  return date.toISOString();
}

function invalid(where) {
  return refused(_("{where} is not valid", { where }));
}

function refused(why) {
  return new Error(_("This is not a review of Stemsilver: {why}.", { why }));
}

function shown(value) {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, 80);
}

/**
 * Return the name of the file of a reviewer's review, for any file system.
 *
 * @param {string} reviewer
 */
export function fileName(reviewer) {
  const plain = reviewer.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}]+/gu, "-");
  const safe = [...plain].slice(0, 40).join("").replace(/^-|-$/g, "");
  return `stemsilver-review-${safe || "reviewer"}.json`;
}
