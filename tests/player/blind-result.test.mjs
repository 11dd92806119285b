// Results: what they say, and that a link gives back what it was made of and refuses the rest.

import assert from "node:assert/strict";
import { test } from "node:test";

import { needed, oneSided, twoSided } from "../../site_src/assets/blind/binomial.js";
import { pText, sentence, tally } from "../../site_src/assets/blind/reading.js";
import { claims, day, decode, encode, label } from "../../site_src/assets/blind/result.js";

const RESULT = {
  test: "abx",
  answers: "111011110110",
  render: "intro-one-00000001",
  head: "studio, 22 November 2026",
  base: "studio, 3 October 2026",
  on: "2026-11-22",
};
const FRAGMENT = encode(RESULT);

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
      const result = { ...RESULT, answers: bits.toString(2).padStart(count, "0") };
      assert.deepEqual(decode(encode(result)), result);
    }
    for (let head = 0; head <= count; head++) {
      for (let base = 0; head + base <= count; base++) {
        const none = count - head - base;
        const answers = "h".repeat(head) + "b".repeat(base) + "n".repeat(none);
        const result = { ...RESULT, test: "preference", answers, render: null };
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
  result: ["2"],
  test: [null, "__proto__", "preference"],
  answers: [null, "1".repeat(9), "1".repeat(11), "hbnhbnhbnh", "1111111111\n", "１".repeat(10)],
  render: ["", "a".repeat(121), "<img src=x onerror=alert(1)>"],
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
  const more = ["x=1", "answers=1111111111", "right=12", "x".repeat(10_000)];
  const broken = "#result=1&test=abx&answers=%E0%A4%A&head=%&base=%zz&on=%";
  for (const one of [...changed, ...more.map((one) => `${FRAGMENT}&${one}`), broken]) {
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

test("sentences say what was found, and no more", () => {
  const said = (values) => sentence({ ...RESULT, ...values }).replaceAll("\u00a0", " ");
  const heard = said({ answers: "111111111100" });
  assert.match(heard, /^Guessing alone gets 10 or more of 12 right in 1\.9 % .* heard a difference\.$/);
  const unclear = said({ answers: "1100110011" });
  assert.match(unclear, /37\.7 % .* does not show .* nor that there is none/);
  assert.match(said({ answers: "0".repeat(10) }), /in every such test/);
  assert.match(said({ answers: "1".repeat(16) }), /in 0\.0015 % of such tests/);
  const prefers = (answers) => said({ test: "preference", answers });
  assert.match(prefers("hhhhhhhhhb"), /9 to 1 .* 2\.1 % .* prefers studio, 22 November 2026\.$/);
  assert.match(prefers("bbbbbbbbbb"), /0 to 10 .* prefers studio, 3 October 2026\.$/);
  assert.match(prefers("hhhhhbbbbb"), /every such test\. So this shows no preference/);
  assert.match(prefers("n".repeat(10)), /nothing to test/);
});
