// The blind session: fair draws, fixed length, no score before the end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { COUNTS, Session, below, coins, shuffled } from "../../site_src/assets/blind/abx-session.js";

/** Every byte or word drawn comes from `next`, which is given the width in bits. */
const source = (next) => ({
  getRandomValues: (array) => array.map(() => next(array.BYTES_PER_ELEMENT * 8)),
});

/** A small generator with a fixed seed (a linear congruence; its high bits are used). */
const seeded = (seed) => {
  let state = BigInt(seed);
  return source((width) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number(state >> BigInt(64 - width));
  });
};

/** Plays a whole session; `choose` is given the versions in the order of the names. */
function played(session, choose) {
  while (!session.done) session.answer(choose(session.arrange("head", "base"), session));
  return session.outcome();
}

test("coins use one bit each and every byte value counts the same", () => {
  const bytes = Array.from({ length: 256 }, (_, value) => value);
  const found = coins(256, source(() => bytes.shift()));
  assert.equal(found.filter(Boolean).length, 128);
});

test("numbers below a limit are drawn without a remainder's favour", () => {
  // 2^32 = 3 · 1431655765 + 1: one word too many, which must be thrown away.
  const draws = [2 ** 32 - 1, 2 ** 32 - 1, 5];
  assert.equal(below(3, source(() => draws.shift())), 2);
  assert.deepEqual(draws, []);
  // A power of two has no incomplete stretch.
  assert.equal(below(4, source(() => 2 ** 32 - 1)), 3);
  assert.equal(below(1, source(() => 7)), 0);
});

test("shuffling permutes a copy, and every permutation comes up equally often", () => {
  const random = seeded(1);
  const seen = new Map();
  for (let i = 0; i < 24_000; i++) {
    const order = shuffled(Object.freeze([1, 2, 3, 4]), random).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assert.equal(seen.size, 24);
  assert.ok([...seen.keys()].every((order) => [...order].sort().join("") === "1234"));
  // χ² with 23 degrees of freedom: above 49.7 once in a thousand.
  const squares = [...seen.values()].map((count) => (count - 1000) ** 2 / 1000);
  assert.ok(squares.reduce((sum, one) => sum + one) < 49.7);
});

test("every place of the assignment is fair, and no two go together", () => {
  const random = seeded(3);
  const sessions = 4_000;
  const counts = { A: 0, X: 0, XisA: 0 };
  let agreeing = 0;
  for (let i = 0; i < sessions; i++) {
    const session = new Session("abx", 10, ["one"], random);
    const first = session.arrange(1, 0);
    session.answer("A");
    const second = session.arrange(1, 0);
    counts.A += first[0];
    counts.X += first[2];
    counts.XisA += Number(first[2] === first[0]);
    agreeing += Number((first[2] === first[0]) === (second[2] === second[0]));
  }
  // Four standard deviations of 4,000 coins are 126.
  for (const count of [...Object.values(counts), agreeing]) {
    assert.ok(Math.abs(count - sessions / 2) < 126, JSON.stringify({ ...counts, agreeing }));
  }
});

test("right and wrong are counted right, whatever was drawn", () => {
  for (let seed = 0; seed < 50; seed++) {
    for (const [right, letter] of [[true, "1"], [false, "0"]]) {
      const outcome = played(new Session("abx", 12, ["one"], seeded(seed)), ([a, b, x]) => {
        assert.deepEqual([a, b].sort(), ["base", "head"]);
        assert.ok(x === a || x === b);
        return (x === a) === right ? "A" : "B";
      });
      assert.equal(outcome, letter.repeat(12));
    }
  }
});

test("the end tells what each trial played", () => {
  for (const kind of ["abx", "preference"]) {
    const session = new Session(kind, 10, ["one", "two"], seeded(5));
    const heard = [];
    played(session, ([first, , x], { item }) => {
      heard.push({ item, first: first[0], x: x ? x[0] : "" });
      assert.throws(() => session.trials(), /not over/);
      return kind === "abx" ? "A" : "1";
    });
    assert.deepEqual(session.trials(), heard);
  }
});

test("a preference belongs to the build, not to the place it was played in", () => {
  for (const [wanted, letter] of [["head", "h"], ["base", "b"]]) {
    for (let seed = 0; seed < 50; seed++) {
      const session = new Session("preference", 10, ["one"], seeded(seed));
      const outcome = played(session, (versions) => String(versions.indexOf(wanted) + 1));
      assert.equal(outcome, letter.repeat(10));
    }
  }
  const ties = new Session("preference", 10, ["one"], seeded(1));
  assert.equal(played(ties, () => "none"), "n".repeat(10));
});

test("the number of trials is one of three, and no score is known before the end", () => {
  for (const count of [0, 9, 11, 17, 10.5, NaN, "12", undefined]) {
    assert.throws(() => new Session("abx", count, ["one"]), RangeError);
  }
  for (const count of COUNTS) {
    const session = new Session("abx", count, ["one"]);
    assert.throws(() => (session.count = 99), TypeError);
    for (let number = 1; number <= count; number++) {
      assert.deepEqual([session.number, session.done], [number, false]);
      assert.throws(() => session.outcome(), /not over/);
      assert.equal(session.answer("A"), undefined);
    }
    assert.equal(session.done, true);
    assert.throws(() => session.answer("A"), /over/);
    assert.throws(() => session.arrange(1, 2), /over/);
    assert.throws(() => session.item, /over/);
    assert.equal(session.outcome().length, count);
  }
});

test("neither properties nor JSON nor inspection show the assignment", () => {
  const shown = [0, 1].map((value) => {
    const session = new Session("abx", 10, ["one"], source(() => value));
    return [Reflect.ownKeys(session), JSON.stringify(session), session.number, session.item];
  });
  assert.deepEqual(shown[0], [[], "{}", 1, "one"]);
  assert.deepEqual(shown[0], shown[1]);
});

test("unknown tests, unknown answers and empty batches are refused", () => {
  assert.throws(() => new Session("toString", 10, ["one"]), RangeError);
  assert.throws(() => new Session("abx", 10, []), RangeError);
  const session = new Session("abx", 10, ["one"]);
  for (const answer of ["X", "none", "", undefined]) {
    assert.throws(() => session.answer(answer), RangeError);
  }
  assert.equal(session.number, 1);
});

test("mixed renders all come up before one comes up again, and a large batch is drawn from", () => {
  const heardOf = (count, items, seed) => {
    const heard = [];
    const session = new Session("abx", count, items, seeded(seed));
    played(session, () => (heard.push(session.item), "A"));
    return heard;
  };
  const heard = heardOf(12, [1, 2, 3, 4, 5], 6);
  assert.deepEqual(heard.slice(0, 5).sort(), [1, 2, 3, 4, 5]);
  assert.deepEqual(heard.slice(5, 10).sort(), [1, 2, 3, 4, 5]);
  const many = Array.from({ length: 40 }, (_, at) => at);
  assert.equal(new Set(many.flatMap((seed) => heardOf(10, many, seed))).size, 40);
});
