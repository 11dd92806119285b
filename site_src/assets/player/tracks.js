// Fetches and decodes audio on demand.

import { LruCache } from "./lru-cache.js";

/** Bytes. Decoded audio takes 11.5 MB a minute and channel at 48 kHz; phones have little memory. */
const BUDGET = 256e6;

/**
 * Return whether this many decoded tracks fit into memory at once.
 *
 * @param {number} samples  Of one track, summed over its channels.
 * @param {number} count
 */
export function fit(samples, count) {
  return samples * 4 * count <= BUDGET;
}

/** The audio files of a page by name, decoded on demand. */
export class Tracks {
  /** Called with the name of a track whose decoded audio was dropped. */
  ondrop = () => {};

  #context;
  #urls;
  #cache;
  /** @type {Map<string, Promise<AudioBuffer>>} */
  #coming = new Map();

  /**
   * @param {BaseAudioContext} context
   * @param {Record<string, string>} urls  Name to address.
   * @param {number} [budget]  Bytes of decoded audio to keep.
   */
  constructor(context, urls, budget = BUDGET) {
    this.#context = context;
    this.#urls = urls;
    this.#cache = new LruCache(budget, (name) => this.ondrop(name));
  }

  /**
   * Return a track's decoded audio.
   *
   * @param {string} name
   * @param {AbortSignal} [signal]
   * @returns {Promise<AudioBuffer>} Rejected with an error whose message is written for the reader.
   */
  load(name, signal) {
    const kept = this.#cache.take(name);
    if (kept) return Promise.resolve(kept);
    if (!this.#coming.has(name)) {
      const loading = this.#fetch(name, signal).finally(() => this.#coming.delete(name));
      this.#coming.set(name, loading);
    }
    return this.#coming.get(name);
  }

  async #fetch(name, signal) {
    const url = this.#urls[name];
    const lost = (error) => {
      if (signal?.aborted) throw error;
      throw new Error(`${name}: the audio could not be fetched. Are you offline?`);
    };
    const answer = await fetch(url, { signal }).catch(lost);
    if (!answer.ok) throw new Error(`${name}: the server answered ${answer.status}.`);
    const bytes = await answer.arrayBuffer().catch(lost);
    const buffer = await this.#context.decodeAudioData(bytes).catch(() => {
      throw new Error(`${name}: this browser cannot decode the file. Download it instead.`);
    });
    this.#cache.put(name, buffer, buffer.length * buffer.numberOfChannels * 4);
    return buffer;
  }
}
