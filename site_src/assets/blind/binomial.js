// Exact statistics of fair coins, as a model of guessing.

// Up to this `n`, every count is an integer below 2^53, which a double represents exactly.
const MOST = 50;

/**
 * Return the number of ways in which `n` coins show 0, 1, … `n` heads.
 *
 * @param {number} n  A whole number from 0 to 50.
 * @returns {number[]} `n + 1` whole numbers that add up to 2^n.
 * @throws {RangeError} for any other `n`.
 */
export function ways(n) {
  if (!Number.isInteger(n) || n < 0 || n > MOST) {
    throw new RangeError(`not a number of trials: ${n}`);
  }
  const row = [1];
  for (let k = 1; k <= n; k++) row.push((row[k - 1] * (n - k + 1)) / k);
  return row;
}

/**
 * Compute the one-sided binomial test against guessing.
 *
 * @param {number} right  Right answers, from 0 to `n`.
 * @param {number} n  Trials.
 * @returns {number} The probability of `right` or more by guessing, 0 to 1.
 * @throws {RangeError} for an impossible result.
 */
export function oneSided(right, n) {
  const row = ways(n);
  if (!(right in row)) throw new RangeError(`${right} of ${n} cannot be`);
  return row.slice(right).reduce((sum, count) => sum + count, 0) / 2 ** n;
}

/**
 * Compute the two-sided sign test. The caller leaves out ties.
 *
 * @param {number} one  Wins of one side.
 * @param {number} other  Wins of the other.
 * @returns {number} The probability of a split at least this uneven if neither were better.
 * @throws {RangeError} for an impossible result.
 */
export function twoSided(one, other) {
  return Math.min(1, 2 * oneSided(Math.max(one, other), one + other));
}

/**
 * Return how many of `n` are needed for a significant result.
 *
 * @param {number} n  Trials.
 * @param {(k: number) => number} p  The probability for `k`; it must fall from `n / 2` on.
 * @param {number} [level]  The largest probability that counts as significant.
 * @returns {number} The smallest such `k`, or infinity if even `n` is not enough.
 */
export function needed(n, p, level = 0.05) {
  for (let k = Math.ceil(n / 2); k <= n; k++) if (p(k) <= level) return k;
  return Infinity;
}

/**
 * Return how often somebody must be right so that `n` trials probably show it.
 *
 * @param {number} n  Trials.
 * @param {number} k  Right answers needed, from 1 to `n`.
 * @param {number} [power]  The probability of at least `k` right answers.
 * @returns {number} The smallest probability of a right answer that has this power, 0 to 1.
 */
export function detectable(n, k, power = 0.8) {
  const row = ways(n);
  const reached = (q) =>
    row.reduce((sum, count, at) => sum + (at < k ? 0 : count * q ** at * (1 - q) ** (n - at)), 0);
  let [low, high] = [0, 1];
  // Bisection, until the two are neighbouring doubles.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (reached(middle) < power) low = middle;
    else high = middle;
  }
}
