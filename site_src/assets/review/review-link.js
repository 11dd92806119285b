// A short review in the fragment of a link, which browsers send to no server.

import { _ } from "../text.js";
import { readReview, reviewText } from "./review-file.js";

const MARK = "#review=";

/** The longest fragment, in characters: mail programs and messengers cut longer links. */
const LONGEST = 6_000;

/** The most bytes that a fragment may become: it is no longer than this unless somebody forged it. */
const MAX_UNPACKED = 200_000;

/**
 * Return whether a fragment claims to be a review.
 *
 * @param {string} fragment  With its `#`.
 */
export function claimsReview(fragment) {
  return fragment.startsWith(MARK);
}

/**
 * @param {import("./review-file.js").Review} review
 * @returns {Promise<string | null>} A fragment, with its `#`; null if the review is too long for one.
 */
export async function encodeReview(review) {
  const content = new TextEncoder().encode(reviewText(review));
  if (content.length > MAX_UNPACKED) return null;
  const packed = await bytes(through(content, new CompressionStream("deflate-raw")), Infinity);
  const text = btoa(String.fromCharCode(...packed.slice(0, LONGEST)));
  const fragment = MARK + text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return fragment.length > LONGEST ? null : fragment;
}

/**
 * Decode an untrusted fragment.
 *
 * @param {string} fragment  With its `#`.
 * @returns {Promise<import("./review-file.js").Review>}
 * @throws {Error} with a sentence for the reader, if it is no valid review.
 */
export async function decodeReview(fragment) {
  const text = fragment.slice(MARK.length);
  if (fragment.length > LONGEST) throw broken(_("it is longer than any such link"));
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw broken(_("it is not complete"));
  let content;
  try {
    const packed = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const source = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    content = await bytes(through(source, new DecompressionStream("deflate-raw")), MAX_UNPACKED);
    content = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw broken(_("it is not complete, or too large"));
  }
  return readReview(content);
}

function through(content, stream) {
  return new Blob([content]).stream().pipeThrough(stream);
}

/** Collect a stream; throw once it has more than `most` bytes. */
async function bytes(stream, most) {
  const parts = [];
  let length = 0;
  // Not `for await`: not every browser has it for streams.
  const reader = stream.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    length += value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      throw new RangeError("too large");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function broken(why) {
  return new Error(_("This link has no review that can be read: {why}.", { why }));
}
