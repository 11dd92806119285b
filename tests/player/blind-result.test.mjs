// Results: what they say, and that a link gives back what it was made of and refuses the rest.

import assert from "node:assert/strict";
import { test } from "node:test";

import { detectable, needed, oneSided, twoSided } from "../../site_src/assets/blind/binomial.js";
import {
  certainty, pText, sentence, tally, text, trialWords,
} from "../../site_src/assets/blind/reading.js";
import { claims, day, decode, encode, label } from "../../site_src/assets/blind/result.js";
import { fadeEnds } from "../../site_src/assets/blind/seam.js";

const RESULT = {
  test: "abx",
  answers: "111011110110",
  first: "hbhbhbbbhhhb",
  x: "hhbbhbhhbbhb",
  renders: Array(12).fill("intro-one-00000001"),
  head: "studio, 22 November 2026",
  base: "studio, 3 October 2026",
  on: "2026-11-22",
};
const FRAGMENT = encode(RESULT);

/** A result with these answers, in which every trial was the same. */
const given = (answers, values = {}) => {
  const count = answers.length;
  const x = /[01]/.test(answers) ? "b".repeat(count) : "";
  const first = "h".repeat(count);
  return { ...RESULT, test: x ? "abx" : "preference", answers, first, x,
    renders: Array.from({ length: count }, (_, at) => `r-${(at * at) % 11}`), ...values };
};

test("what cannot be is refused", () => {
  for (const [right, n] of [[-1, 10], [11, 10], [1.5, 10], [NaN, 10], [0, -1], [1, 51], [1, 1.5]]) {
    assert.throws(() => oneSided(right, n), RangeError, `${right} of ${n}`);
  }
  assert.throws(() => twoSided(-1, 5), RangeError);
});

test("how many right answers it takes", () => {
  const takes = [10, 12, 16, 4].map((n) => needed(n, (k) => oneSided(k, n)));
  assert.deepEqual(takes, [9, 10, 12, Infinity]);
});

test("every result comes back from its link", () => {
  for (const count of [10, 12, 16]) {
    for (let bits = 0; bits < 2 ** count; bits += 17) {
      const binary = bits.toString(2).padStart(count, "0");
      const first = binary.replaceAll("0", "h").replaceAll("1", "b");
      const result = given(binary, { first });
      assert.deepEqual(decode(encode(result)), result);
    }
    for (let head = 0; head <= count; head++) {
      for (let base = 0; head + base <= count; base++) {
        const none = count - head - base;
        const answers = "h".repeat(head) + "b".repeat(base) + "n".repeat(none);
        const result = given(answers);
        const back = decode(encode(result));
        assert.deepEqual(back, result);
        const { p, ...counts } = tally(back);
        assert.deepEqual(counts, { count, right: 0, head, base, none });
        assert.equal(p, twoSided(head, base));
      }
    }
  }
});

test("labels come back whatever they are made of", () => {
  const odd = ["a&b=c#d?e%20f+g", "a\u202egnp.exe\u0000\n\t", "🎧".repeat(200), "\ud800", "   "];
  for (const one of odd) {
    const head = label(one);
    assert.equal(label(head), head);
    assert.ok([...head].length <= 120 && head.length > 0);
    assert.doesNotMatch(head, /[\p{C}\p{Zl}\p{Zp}]/u);
    const result = { ...RESULT, head, base: head };
    assert.deepEqual(decode(encode(result)), result);
  }
});

test("a link survives being escaped once more than needed", () => {
  assert.deepEqual(decode(FRAGMENT.replaceAll("+", "%20")), RESULT);
  assert.deepEqual(decode(FRAGMENT.replaceAll("-", "%2D")), RESULT);
  assert.deepEqual(decode(FRAGMENT.slice(1)), RESULT);
});

const WRONG = {
  result: ["1", "3"],
  test: [null, "__proto__", "preference"],
  answers: [null, "1".repeat(9), "1".repeat(11), "hbnhbnhbnh", "1111111111\n", "１".repeat(10)],
  first: [null, "h", "h".repeat(13), "hbhbhbhbhbhx"],
  x: [null, "", "h"],
  renders: [null, "", "a".repeat(121), "a..b", "<img src=x onerror=alert(1)>"],
  order: [null, "0".repeat(11), "0".repeat(13), "00000000000z", "00000000000-", "1".repeat(12)],
  head: [null, "a".repeat(121), "a\nb"],
  base: ["", "a\u202eb"],
  on: [null, "2026-02-30", "2026-11-22T00:00"],
};

const set = (key, value) => {
  const values = new URLSearchParams(FRAGMENT.slice(1));
  if (value === null) values.delete(key);
  else values.set(key, value);
  return `#${values}`;
};

test("what no test gave is refused", () => {
  const changed = Object.entries(WRONG).flatMap(([key, all]) => all.map((one) => set(key, one)));
  const more = ["x=1", "answers=1111111111", "render=a", "right=12", "x".repeat(10_000)];
  const heard = encode(given("hbnhbnhbnh"));
  const broken = "#result=1&test=abx&answers=%E0%A4%A&head=%&base=%zz&on=%";
  for (const one of [...changed, ...more.map((one) => `${FRAGMENT}&${one}`), broken, `${heard}&x=hhhhhhhhhh`]) {
    assert.throws(() => decode(one), /^Error: This link is not a result .*\.$/, one);
  }
});

test("other fragments are no claims", () => {
  assert.ok(claims(FRAGMENT) && claims("#result=<b>") && claims("result="));
  for (const other of ["", "#", "#tells", "#x&result=1"]) assert.ok(!claims(other), other);
});

test("days are where the listener is", () => {
  assert.equal(day(new Date(2026, 0, 2, 23, 59)), "2026-01-02");
});

test("p is written with three decimals, and small ones with two digits", () => {
  const shown = [1, 0.99976, 0.5, 0.0193, 0.00049, 2 ** -16].map(pText);
  const wanted = ["= 1", "> 0.999", "= 0.500", "= 0.019", "= 0.00049", "= 0.000015"];
  assert.deepEqual(shown, wanted.map((one) => `p ${one}`));
});

const plain = (words) => words.replaceAll("\u00a0", " ");

test("what a number of trials can show is said before, and is computed", () => {
  const abx = plain(certainty("abx", 12).join(" "));
  assert.match(abx, /by 9 of 10, 10 of 12 or 12 of 16 right answers/);
  assert.match(abx, /10 of 12 right is p = 0\.019: .* in 1\.9 % of such tests/);
  const q = Math.ceil(100 * detectable(12, 10));
  assert.match(abx, new RegExp(`12 trials probably \\(80 %\\) find a listener .* in ${q} % of them`));
  const preference = plain(certainty("preference", 16).join(" "));
  assert.match(preference, /by 9 of 10, 10 of 12 or 13 of 16 answers for the same version/);
  assert.match(preference, /13 to 3 is p = 0\.021: .* in 2\.1 % of such tests/);
});

test("sentences say what was found, and no more", () => {
  const said = (answers) => plain(sentence(given(answers)));
  const heard = said("111111111100");
  assert.match(heard, /^Guessing alone gets 10 or more of 12 right in 1\.9 % .* heard a difference\.$/);
  const unclear = said("1100110011");
  assert.match(unclear, /37\.7 % .* No difference was shown, which is not a proof that there is none/);
  const q = detectable(10, 9);
  const [right, hears] = [q, 2 * q - 1].map((share) => Math.ceil(100 * share));
  assert.match(unclear, new RegExp(`80 % power, 10 trials .* right in at least ${right} % `));
  assert.match(unclear, new RegExp(`hears the difference in ${hears} % and guesses in the rest`));
  assert.match(said("0".repeat(10)), /in every such test/);
  assert.match(said("1".repeat(16)), /in 0\.0015 % of such tests/);
  assert.match(said("hhhhhhhhhb"), /9 to 1 .* 2\.1 % .* prefers studio, 22 November 2026\.$/);
  assert.match(said("bbbbbbbbbb"), /0 to 10 .* prefers studio, 3 October 2026\.$/);
  assert.match(said("hhhhhbbbbb"), /every such test\. No preference was shown, which is not a proof/);
  assert.match(said("hhhhhbbbbb"), /80 % power, 10 answers .* in at least \d\d % of them/);
  assert.match(said("hhhhhnnnnn"), /so few answers with a preference cannot show one/);
  assert.match(said("n".repeat(10)), /heard no difference in any of 10 trials, which is not a proof/);
});

test("every trial is told: render, what was played, answer, right or wrong", () => {
  const titles = { head: "● Build", base: "○ Base" };
  const told = (result) => result.renders.map((_, at) => {
    const { played, answer } = trialWords(result, at, titles);
    return `${played.join(", ")}: ${answer}`;
  });
  const abx = given("1011111111", { first: "hhbbhhhhhh", x: "hhhhhhhhhb" });
  const [one, two, , four] = told(abx);
  assert.equal(one, "A = ● Build, B = ○ Base, X = ● Build: X is A");
  assert.equal(two, "A = ● Build, B = ○ Base, X = ● Build: X is B");
  assert.equal(four, "A = ○ Base, B = ● Build, X = ● Build: X is B");
  const preference = given("hbnhhhhhhh", { first: "bhhhhhhhhh" });
  assert.deepEqual(told(preference).slice(0, 3), [
    "1 = ○ Base, 2 = ● Build: 2",
    "1 = ● Build, 2 = ○ Base: 2",
    "1 = ● Build, 2 = ○ Base: No difference",
  ]);
  const lines = (result) => text(result, result.renders, "link", titles).split("\n");
  const all = [...lines(abx), ...lines(preference)];
  for (const line of ["1. ✓ right: r-0", "2. ✗ wrong: r-1", "Heard: 6 renders, mixed",
    "1. ● Build: r-0", "2. ○ Base: r-1", "3. – no difference: r-4", "no difference: 1"]) {
    assert.ok(all.includes(line), line);
  }
  const same = given("hhhhhhhhhh", { renders: Array(10).fill("one.wav") });
  assert.ok(lines(same).includes("Heard: one.wav"));
});

test("the seam of a loop meets at silence, in the same way for every version", () => {
  const ends = (level) => {
    const samples = new Float32Array(1000).fill(level);
    fadeEnds(samples, 100, 900, 240);
    return samples;
  };
  const [one, other] = [ends(1), ends(-0.5)];
  assert.deepEqual([one[100], one[899]], [0, 0]);
  for (let at = 0; at < 1000; at++) {
    assert.ok(Math.abs(other[at] + one[at] / 2) < 1e-6);
    // The outside and the middle are as they were.
    if (at < 100 || at >= 900 || (at >= 340 && at < 660)) assert.equal(one[at], 1);
    // No step between neighbours inside is larger than that of a cosine.
    if (at > 100 && at < 900) assert.ok(Math.abs(one[at] - one[at - 1]) < 0.007);
  }
  const short = new Float32Array(9).fill(1);
  fadeEnds(short, 0, 9, 240);
  assert.deepEqual([short[0], short[4], short[8]], [0, 1, 0]);
});
