// The logic of a blind test: which version has which name, and the answers. No DOM, no audio.

/** The numbers of trials to choose from. */
export const COUNTS = [10, 12, 16];

/** The names of the versions in a trial of each test, and the possible answers. */
export const TESTS = {
  abx: { names: ["A", "B", "X"], answers: ["A", "B"] },
  preference: { names: ["1", "2"], answers: ["1", "none", "2"] },
};

/**
 * Toss fair coins. Each is one bit of a random byte, so there is no modulo bias.
 *
 * @param {number} count
 * @param {Pick<Crypto, "getRandomValues">} [random]
 * @returns {boolean[]}
 */
export function coins(count, random = crypto) {
  return Array.from(random.getRandomValues(new Uint8Array(count)), (byte) => (byte & 1) === 1);
}

/**
 * Draw a random integer. Draws from the incomplete last interval are rejected, because a modulo
 * would favour small numbers there.
 *
 * @param {number} limit  From 1 to 2^32.
 * @param {Pick<Crypto, "getRandomValues">} [random]
 * @returns {number} From 0 to `limit - 1`.
 */
export function below(limit, random = crypto) {
  const usable = 2 ** 32 - (2 ** 32 % limit);
  for (;;) {
    const [drawn] = random.getRandomValues(new Uint32Array(1));
    if (drawn < usable) return drawn % limit;
  }
}

/**
 * Return a fair random permutation (Fisher and Yates).
 *
 * @template T
 * @param {readonly T[]} items
 * @param {Pick<Crypto, "getRandomValues">} [random]
 * @returns {T[]}
 */
export function shuffled(items, random = crypto) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = below(last + 1, random);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/**
 * One test with all its trials. All random draws are made at the start. They are private: from
 * outside, only `arrange` reveals them, as the order of the two versions.
 *
 * @template T
 */
export class Session {
  #test;
  /** @type {{item: T, swapped: boolean, second: boolean}[]} */
  #trials;
  /** What each answer means: "1" right and "0" wrong, or "h" head, "b" base, "n" neither. */
  #given = "";

  /**
   * @param {"abx" | "preference"} test
   * @param {number} count  One of `COUNTS`.
   * @param {readonly T[]} items  The pairs to play: each once in random order, then again.
   * @param {Pick<Crypto, "getRandomValues">} [random]
   * @throws {RangeError} for an unknown test, any other count, or empty `items`.
   */
  constructor(test, count, items, random = crypto) {
    if (!Object.hasOwn(TESTS, test)) throw new RangeError(`no such test: ${test}`);
    if (!COUNTS.includes(count)) throw new RangeError(`not a number of trials: ${count}`);
    if (!items.length) throw new RangeError("nothing to listen to");
    const order = [];
    while (order.length < count) order.push(...shuffled(items, random));
    const [swapped, second] = [coins(count, random), coins(count, random)];
    this.#test = test;
    this.#trials = swapped.map((swap, at) => ({
      item: order[at],
      swapped: swap,
      second: second[at],
    }));
  }

  /** "abx" or "preference". */
  get test() {
    return this.#test;
  }

  /** The number of trials; fixed. */
  get count() {
    return this.#trials.length;
  }

  /** The number of the current trial, from 1; after the end, `count + 1`. */
  get number() {
    return this.#given.length + 1;
  }

  /** Whether every trial has been answered. */
  get done() {
    return this.#given.length === this.#trials.length;
  }

  /** The item of the current trial. */
  get item() {
    return this.#running().item;
  }

  /**
   * Return the versions that the current trial plays.
   *
   * @template V
   * @param {V} head
   * @param {V} base
   * @returns {V[]} In the order of the test's names.
   */
  arrange(head, base) {
    const { swapped, second } = this.#running();
    const pair = swapped ? [base, head] : [head, base];
    return this.#test === "abx" ? [...pair, pair[Number(second)]] : pair;
  }

  /**
   * Answer the current trial, which ends it.
   *
   * @param {string} choice  One of the test's answers.
   * @throws {RangeError} for anything else; the trial continues.
   */
  answer(choice) {
    const { swapped, second } = this.#running();
    if (!TESTS[this.#test].answers.includes(choice)) throw new RangeError(`no answer: ${choice}`);
    if (this.#test === "abx") this.#given += choice === (second ? "B" : "A") ? "1" : "0";
    else if (choice === "none") this.#given += "n";
    else this.#given += (choice === "1") === swapped ? "b" : "h";
  }

  /**
   * Return one letter per trial: in ABX "1" for right and "0" for wrong; otherwise "h" for head,
   * "b" for base and "n" for no preference.
   *
   * @returns {string}
   * @throws {Error} before the end: a running score would influence the listener.
   */
  outcome() {
    if (!this.done) throw new Error("the test is not over");
    return this.#given;
  }

  /**
   * Return what each trial played, in order: its item, the version that was A or 1, and in ABX the
   * version that was X. A version is "h" for head or "b" for base.
   *
   * @returns {{item: T, first: "h" | "b", x: "h" | "b" | ""}[]}
   * @throws {Error} before the end: it would give the order away.
   */
  trials() {
    if (!this.done) throw new Error("the test is not over");
    return this.#trials.map(({ item, swapped, second }) => {
      const [first, other] = swapped ? "bh" : "hb";
      return { item, first, x: this.#test === "abx" ? (second ? other : first) : "" };
    });
  }

  #running() {
    if (this.done) throw new Error("the test is over");
    return this.#trials[this.#given.length];
  }
}
