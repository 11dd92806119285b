// How far a review is: which renders have a decision on their present output.

import { _ } from "../text.js";
import { entries } from "./review-file.js";

/** @typedef {{id: string, path: string, sound_sha256: string}} Render */

/**
 * @param {import("./review-file.js").Review} review
 * @param {Render[]} renders  Those that can be heard, worst first.
 * @param {string} [here]  The id of the render that the reader is at.
 * @returns {{text: string, next: Render | null}} The words for how far it is, and the first
 *   undecided render after this one, or else from the start.
 */
export function progress(review, renders, here) {
  const entry = entries(review);
  const left = renders.filter((render) => entry(render).decision === null);
  const from = renders.findIndex(({ id }) => id === here);
  const next = left.find((one) => renders.indexOf(one) > from) ?? left[0] ?? null;
  const done = renders.length - left.length;
  return {
    text: _("{done} of {all} decided", { done, all: renders.length }),
    next: next?.id === here ? null : next,
  };
}

/**
 * Return the entries that are about an earlier output of a render.
 *
 * @param {import("./review-file.js").Review} review
 * @param {import("./store.js").Output} render
 */
export function outdated(review, { path, sound_sha256 }) {
  return review.renders.filter(
    (one) =>
      one.path === path &&
      one.sound_sha256 !== sound_sha256 &&
      (one.decision !== null || one.remarks.some(({ text }) => text)),
  );
}
