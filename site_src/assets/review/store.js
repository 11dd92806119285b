// Keeps the reader's own review in this browser: one for each site, by the address of its root.
// Nothing is sent.

import { _ } from "../text.js";
import { entries, MAX_REMARKS, mergeReviews, oneLine, readReview, reviewText } from "./review-file.js";

/** @typedef {import("./review-file.js").Review} Review */
/** @typedef {import("./review-file.js").Entry} Entry */
/** @typedef {{path: string, sound_sha256: string}} Output  A render, and its present output. */

export class ReviewStore {
  #build;
  #storage;
  #key;
  #text = null;
  #review = null;

  /**
   * @param {import("./review-file.js").Build} build  The build of this site.
   * @param {string} root  The path of the site's root.
   * @param {Storage} [storage]
   */
  constructor(build, root = new URL("../../", import.meta.url).pathname, storage = opened()) {
    this.#build = build;
    this.#storage = storage;
    this.#key = `stemsilver-review:${root}`;
  }

  /** Call a function after each change, made on this page or on another. */
  set onchange(changed) {
    this.#changed = changed;
    addEventListener("storage", ({ key }) => (key === this.#key || key === null) && changed());
    // The browser shows the page as it was, and other pages may have changed the review since.
    addEventListener("pageshow", ({ persisted }) => persisted && changed());
  }

  #changed = () => {};

  /**
   * The review; its reviewer is empty until the name is known.
   *
   * @returns {Review}
   */
  get review() {
    const text = this.#storage?.getItem(this.#key) ?? null;
    if (this.#review === null || text !== this.#text) {
      this.#text = text;
      this.#review = this.#read(text);
    }
    return this.#review;
  }

  /** Whether nothing was said yet, and no name given. */
  get empty() {
    return this.review.reviewer === "" && this.review.renders.length === 0;
  }

  /**
   * Return what is said about an output.
   *
   * @param {Output} output
   * @returns {Entry}
   */
  entry(output) {
    return entries(this.review)(output);
  }

  /** @param {string} text */
  rename(text) {
    this.#write({ ...this.review, reviewer: oneLine(text) });
  }

  /**
   * @param {Output} output
   * @param {import("./review-file.js").Decision | null} decision  Null takes it back.
   */
  decide(output, decision) {
    const said = this.entry(output);
    this.#put({ ...said, decision, decided: after(said.decided) });
  }

  /**
   * Keep a remark, in place of the one with its id; without text it is withdrawn.
   *
   * @param {Output} output
   * @param {Omit<import("./review-file.js").Remark, "written">} remark
   */
  remark(output, { id, at, track, text }) {
    const said = this.entry(output);
    const [before] = said.remarks.filter((one) => one.id === id);
    const others = said.remarks.filter((one) => one.id !== id);
    const written = after(before?.written ?? null);
    if (others.length >= MAX_REMARKS) throw new Error(_("A render has at most {count} remarks.", { count: MAX_REMARKS }));
    this.#put({ ...said, remarks: [...others, { id, at, track, text, written }] });
  }

  /**
   * Merge another review of the same person.
   *
   * @param {Review} review
   */
  merge(review) {
    this.#write(this.empty ? review : mergeReviews([this.review, review]));
  }

  /** Delete all. */
  clear() {
    this.#storage?.removeItem(this.#key);
    this.#changed();
  }

  #put(entry) {
    const others = this.review.renders.filter(
      (one) => one.path !== entry.path || one.sound_sha256 !== entry.sound_sha256,
    );
    this.#write({ ...this.review, build: this.#build, renders: [...others, entry] });
  }

  #write(review) {
    const text = reviewText(mergeReviews([review]));
    readReview(text, false);
    try {
      this.#storage.setItem(this.#key, text);
    } catch {
      throw new Error(_("This browser keeps nothing for this site, so this was not kept."));
    }
    this.#changed();
  }

  #read(text) {
    if (text !== null) {
      try {
        return readReview(text, false);
      } catch {
        // Another page of this host wrote it. It is put aside, not deleted.
        this.#storage.setItem(`${this.#key}:unreadable`, text);
      }
    }
    return { reviewer: "", build: this.#build, renders: [] };
  }
}

function opened() {
  try {
    return localStorage;
  } catch {
    return null; // the reader has forbidden it
  }
}

/** Return the present moment, or the one after `before` if this device's clock is behind it. */
function after(before) {
  const least = before === null ? 0 : Date.parse(before) + 1;
  return new Date(Math.max(Date.now(), least)).toISOString();
}

/**
 * Return the build that a part of a page is about.
 *
 * @param {HTMLElement} root
 * @returns {import("./review-file.js").Build}
 */
export function buildOf({ dataset }) {
  return { profile: dataset.profile, config_digest: dataset.config, created: dataset.created };
}
