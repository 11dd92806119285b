// What is kept of what was decoded: the most recently used, up to a number of bytes.

/** Values by name, of which the least recently used are dropped when they grow too large. */
export class LruCache {
  /** @type {Map<string, {value: unknown, bytes: number}>} In the order of last use. */
  #kept = new Map();
  #budget;
  #dropped;

  /**
   * @param {number} budget  Bytes; what was put last is kept even if it alone is larger.
   * @param {(name: string) => void} dropped  Is told what went.
   */
  constructor(budget, dropped = () => {}) {
    this.#budget = budget;
    this.#dropped = dropped;
  }

  /** The value of that name, used just now; undefined if it is not there. */
  take(name) {
    const found = this.#kept.get(name);
    if (!found) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found.value;
  }

  /** Keep a value, and drop what no longer fits. */
  put(name, value, bytes) {
    this.#kept.delete(name);
    this.#kept.set(name, { value, bytes });
    let total = 0;
    for (const one of this.#kept.values()) total += one.bytes;
    for (const [other, one] of this.#kept) {
      if (total <= this.#budget || other === name) return;
      this.#kept.delete(other);
      total -= one.bytes;
      this.#dropped(other);
    }
  }
}
