// A cache for decoded audio with a limit in bytes.

/** Values by name. The least recently used are dropped when the total exceeds the budget. */
export class LruCache {
  /** @type {Map<string, {value: unknown, bytes: number}>} Ordered by last use. */
  #kept = new Map();
  #budget;
  #dropped;

  /**
   * @param {number} budget  Bytes; the newest value is kept even if it alone is larger.
   * @param {(value: unknown) => void} dropped  Called with a dropped value.
   */
  constructor(budget, dropped = () => {}) {
    this.#budget = budget;
    this.#dropped = dropped;
  }

  /** Return the value with this name and mark it as just used; undefined if there is none. */
  take(name) {
    const found = this.#kept.get(name);
    if (!found) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found.value;
  }

  /** Store a value, and drop those that no longer fit. */
  put(name, value, bytes) {
    this.#kept.delete(name);
    this.#kept.set(name, { value, bytes });
    let total = 0;
    for (const one of this.#kept.values()) total += one.bytes;
    for (const [other, one] of this.#kept) {
      if (total <= this.#budget || other === name) return;
      this.#kept.delete(other);
      total -= one.bytes;
      this.#dropped(one.value);
    }
  }
}
