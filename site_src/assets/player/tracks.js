// Fetches and decodes audio on demand: short files as a whole, long ones in parts.

import { HEAD_BYTES, playable, readHead } from "./flac.js";
import { LruCache } from "./lru-cache.js";
import { _ } from "../text.js";

/** Bytes. Decoded audio takes 11.5 MB a minute and channel at 48 kHz; phones have little memory. */
const BUDGET = 256e6;

const WHOLE = { parts: [{ start: 0, end: Infinity }] };

/**
 * Return whether this many decoded tracks fit into memory at once.
 *
 * @param {number} samples  Of one track, summed over its channels.
 * @param {number} count
 */
export function fit(samples, count) {
  return samples * 4 * count <= BUDGET;
}

/** The reason why a long track cannot be played in parts, written for the reader. */
export class NoParts extends Error {}

/**
 * @typedef {object} Part  Decoded audio of a track.
 * @property {string} name  The track.
 * @property {number} start  Its first sample.
 * @property {number} end  The sample after its last; Infinity if it lasts until the end.
 * @property {AudioBuffer} buffer
 */

/** The audio files of a page by name, decoded on demand. */
export class Tracks {
  /** Called with a part whose decoded audio was dropped. */
  ondrop = () => {};

  #context;
  #urls;
  #long;
  #cache;
  /** What is being fetched. @type {Map<string, Promise<unknown>>} */
  #coming = new Map();
  /** The heads of long files. */
  #heads = new Map();

  /**
   * @param {BaseAudioContext} context
   * @param {Record<string, string>} urls  Name to address.
   * @param {{long?: boolean, budget?: number}} [options]  Whether to fetch the files in parts, and
   *   the bytes of decoded audio to keep.
   */
  constructor(context, urls, { long = false, budget = BUDGET } = {}) {
    this.#context = context;
    this.#urls = urls;
    this.#long = long;
    this.#cache = new LruCache(budget, (part) => this.ondrop(part));
  }

  /**
   * Return the decoded part of a track that has a position.
   *
   * @param {string} name
   * @param {number} [seconds]
   * @param {AbortSignal} [signal]
   * @returns {Promise<Part>} Rejected with an error whose message is written for the reader.
   */
  async load(name, seconds = 0, signal = undefined) {
    const head = this.#long ? await this.#head(name, signal) : WHOLE;
    const sample = Math.round(seconds * this.#context.sampleRate);
    const part = head.parts.findLast(({ start }) => start <= sample);
    const key = `${name} ${part.start}`;
    const kept = this.#cache.take(key);
    if (kept) return kept;
    return this.#once(key, async () => {
      const buffer = await this.#decoded(name, head, part, signal);
      const end = part === head.parts.at(-1) ? Infinity : part.end;
      const decoded = { name, start: part.start, end, buffer };
      this.#cache.put(key, decoded, buffer.length * buffer.numberOfChannels * 4);
      return decoded;
    });
  }

  #head(name, signal) {
    if (this.#heads.has(name)) return this.#heads.get(name);
    return this.#once(name, async () => {
      const head = readHead(await this.#fetch(name, { from: 0, to: HEAD_BYTES }, signal));
      if (!head) throw new NoParts(_("{track}: the file has no seek table.", { track: _(name) }));
      this.#heads.set(name, head);
      return head;
    });
  }

  async #decoded(name, { stream }, part, signal) {
    const bytes = await this.#fetch(name, part, signal);
    const file = stream ? playable(stream, bytes) : bytes;
    const buffer = await this.#context.decodeAudioData(file).catch(() => {
      throw new Error(_("{track}: this browser cannot decode the file. Download it instead.", { track: _(name) }));
    });
    if (stream && buffer.length !== part.end - part.start) {
      throw new NoParts(_("{track}: this browser cannot decode the file in parts.", { track: _(name) }));
    }
    return buffer;
  }

  /** Fetch a file, or its bytes from `from` to `to`. */
  async #fetch(name, { from, to }, signal) {
    const lost = (error) => {
      if (signal?.aborted) throw error;
      throw new Error(_("{track}: the audio could not be fetched. Are you offline?", { track: _(name) }));
    };
    const ranged = from !== undefined;
    const last = to === Infinity ? "" : to - 1;
    const headers = ranged ? { Range: `bytes=${from}-${last}` } : {};
    const answer = await fetch(this.#urls[name], { headers, signal }).catch(lost);
    if (!answer.ok) throw new Error(_("{track}: the server answered {status}.", { track: _(name), status: answer.status }));
    if (ranged && answer.status !== 206) {
      answer.body?.cancel();
      throw new NoParts(_("{track}: the server does not send parts of files.", { track: _(name) }));
    }
    return answer.arrayBuffer().catch(lost);
  }

  /** Return what `make` promises, or what it promised if that is still to come. */
  #once(key, make) {
    if (!this.#coming.has(key)) {
      this.#coming.set(key, make().finally(() => this.#coming.delete(key)));
    }
    return this.#coming.get(key);
  }
}
