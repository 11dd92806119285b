// Reviews from files and links: what is read, what is refused, and that merging loses nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inert, markdown } from "../../site_src/assets/review/markdown.js";
import { progress } from "../../site_src/assets/review/progress.js";
import { fileName, readReview, reviewText } from "../../site_src/assets/review/review-file.js";
import { claimsReview, decodeReview, encodeReview } from "../../site_src/assets/review/review-link.js";
import { ReviewStore } from "../../site_src/assets/review/store.js";

const BUILD = { profile: "embedded", config_digest: "abcd", created: "2026-11-30T12:00:00Z" };
const OUTPUT = { path: "a.wav", sound_sha256: "1".repeat(64) };
const SCRIPT = "<script>window.pwned=1</script>";

const review = (values = {}) => ({
  kind: "stemsilver-review",
  schema_version: 1,
  reviewer: SCRIPT,
  build: BUILD,
  renders: [
    {
      ...OUTPUT,
      decision: "needs_work",
      decided: "2026-11-30T12:00:00.000Z",
      remarks: [
        { id: "r1", at: 7.25, track: "clean", text: SCRIPT, written: "2026-11-30T12:00:00.000Z" },
      ],
    },
  ],
  ...values,
});
const read = (values) => readReview(JSON.stringify(values));

/** A browser's storage. */
class Storage {
  values = new Map();
  getItem = (key) => this.values.get(key) ?? null;
  setItem = (key, value) => this.values.set(key, value);
  removeItem = (key) => this.values.delete(key);
}
globalThis.addEventListener ??= () => {};

test("a review is read field by field, and text remains text", () => {
  const found = read({ ...review(), extra: 1 });
  assert.equal(found.reviewer, SCRIPT);
  assert.equal(found.renders[0].remarks[0].text, SCRIPT);
  assert.equal("extra" in found, false);
  assert.deepEqual(readReview(reviewText(found)), found);
});

test("what is no review is refused in one sentence that says why", () => {
  const refused = (values, why) => assert.throws(() => read(values), why);
  assert.throws(() => readReview("{"), /it is not JSON\.$/);
  assert.throws(() => readReview(" ".repeat(2_000_001)), /larger than 2 MB\.$/);
  refused([], /the whole is not valid/);
  refused(review({ kind: "other" }), /its kind is "other"\.$/);
  refused(review({ schema_version: 2 }), /has the version 2; this page reads version 1\.$/);
  refused(review({ reviewer: " " }), /reviewer is not valid/);
  refused(review({ reviewer: "x".repeat(81) }), /reviewer is not valid/);
  refused(review({ build: { ...BUILD, config_digest: "?" } }), /build\.config_digest/);
  refused(review({ renders: {} }), /renders is not valid/);
  const [entry] = review().renders;
  const [remark] = entry.remarks;
  for (const [changed, why] of [
    [{ decision: "maybe" }, /renders\.0\.decision/],
    [{ sound_sha256: "1".repeat(63) }, /renders\.0\.sound_sha256/],
    [{ decided: "2026-02-30T00:00:00Z" }, /renders\.0\.decided/],
    [{ remarks: Array(501).fill(remark) }, /renders\.0\.remarks is/],
    [{ remarks: [{ ...remark, at: -1 }] }, /renders\.0\.remarks\.0\.at/],
    [{ remarks: [{ ...remark, at: "7" }] }, /renders\.0\.remarks\.0\.at/],
    [{ remarks: [{ ...remark, track: "vocals" }] }, /remarks\.0\.track/],
    [{ remarks: [{ ...remark, id: "<b>" }] }, /remarks\.0\.id/],
    [{ remarks: [{ ...remark, text: "x".repeat(2001) }] }, /remarks\.0\.text/],
    [{ remarks: [null] }, /remarks\.0 is not valid/],
  ]) {
    refused(review({ renders: [{ ...entry, ...changed }] }), why);
  }
});

test("a link has the review, and a forged one is refused before it grows", async () => {
  const found = read(review());
  const link = await encodeReview(found);
  assert.ok(claimsReview(link) && /^#review=[\w-]+$/.test(link));
  assert.deepEqual(await decodeReview(link), found);
  await assert.rejects(decodeReview(link.slice(0, -9)), /no review that can be read/);
  await assert.rejects(decodeReview("#review=<script>"), /not complete/);
  await assert.rejects(decodeReview(`#review=${"A".repeat(7000)}`), /longer than any such link/);
  const many = Array.from({ length: 200 }, (_, index) => ({
    ...found.renders[0],
    path: `${index}.wav`,
    sound_sha256: Array.from({ length: 64 }, () => Math.trunc(16 * Math.random()).toString(16)).join(""),
    remarks: [{ ...found.renders[0].remarks[0], text: String(Math.random()).repeat(10) }],
  }));
  assert.equal(await encodeReview({ ...found, renders: many }), null);
  const zeros = new Blob([" ".repeat(1_000_000)]).stream();
  const packed = await new Response(zeros.pipeThrough(new CompressionStream("deflate-raw"))).bytes?.();
  if (packed) {
    const bomb = Buffer.from(packed).toString("base64url");
    assert.ok(bomb.length < 6000);
    await assert.rejects(decodeReview(`#review=${bomb}`), /too large/);
  }
});

test("the store keeps one review for each site, and what is withdrawn stays withdrawn", () => {
  const storage = new Storage();
  const store = new ReviewStore(BUILD, "/a/", storage);
  assert.ok(store.empty);
  store.decide(OUTPUT, "approved");
  store.remark(OUTPUT, { id: "r1", at: 1, track: "raw", text: "one" });
  const [before] = store.entry(OUTPUT).remarks;
  store.remark(OUTPUT, { ...before, text: "" });
  store.rename("  Anna\n B. ");
  const again = new ReviewStore(BUILD, "/a/", storage);
  assert.equal(again.review.reviewer, "Anna B.");
  assert.equal(again.entry(OUTPUT).decision, "approved");
  const [withdrawn] = again.entry(OUTPUT).remarks;
  assert.equal(withdrawn.text, "");
  assert.ok(withdrawn.written > before.written, "also within a millisecond");
  again.merge({ ...again.review, renders: [{ ...again.entry(OUTPUT), remarks: [before] }] });
  assert.equal(again.entry(OUTPUT).remarks[0].text, "");
  assert.ok(new ReviewStore(BUILD, "/b/", storage).empty);
  // Another page of the host wrote into it: it is not lost.
  storage.setItem("stemsilver-review:/a/", "spoilt");
  assert.ok(store.empty);
  assert.equal(storage.getItem("stemsilver-review:/a/:unreadable"), "spoilt");
  store.clear();
  assert.ok(store.empty);
});

test("only decisions on the present outputs count, and the next one wraps around", () => {
  const store = new ReviewStore(BUILD, "/", new Storage());
  const renders = ["a", "b", "c"].map((id) => ({ ...OUTPUT, id, path: `${id}.wav` }));
  store.decide({ ...renders[0], sound_sha256: "2".repeat(64) }, "approved");
  store.decide(renders[1], "skipped");
  assert.deepEqual(progress(store.review, renders, "b"), { text: "1 of 3 decided", next: renders[2] });
  assert.equal(progress(store.review, renders, "c").next, renders[0]);
  store.decide(renders[0], "approved");
  assert.equal(progress(store.review, renders, "c").next, null, "it is this one");
});

test("the text reads well as it is, and as Markdown shows other people's words as they are", () => {
  const text = markdown(
    "*Anna*",
    "1 of 1 decided",
    [{ id: "a-1", path: "a_b/[x](y).wav", said: read(review()).renders[0] }],
    (page) => `https://example.org/${page}`,
  );
  assert.equal(
    text,
    "Review by \\*Anna\\*: 1 of 1 decided\n\n" +
      "- ✗ Needs work: a_b/\\[x\\](y).wav <https://example.org/renders/a-1.html>\n" +
      "  - 0:07 on clean: \\<script\\>window.pwned=1\\</script\\> " +
      "<https://example.org/renders/a-1.html#v=clean&t=7.25>\n",
  );
  assert.equal(inert("@me #1 https://x www.x $a$\n> b\u202e"), "@\u200bme #\u200b1 https:\u200b//x www\u200b.x &#36;a&#36; \\> b ");
});

test("the name of the file is safe", () => {
  assert.equal(fileName("Jörg O'Neil/../x"), "stemsilver-review-Jörg-O-Neil-x.json");
  assert.equal(fileName("../"), "stemsilver-review-reviewer.json");
});
