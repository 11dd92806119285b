// What is kept, and what is fetched. How a gain moves is heard in test_microsite_playback.py.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { LruCache } from "../../site_src/assets/player/lru-cache.js";
import { Tracks, fit } from "../../site_src/assets/player/tracks.js";

test("the least recently used goes first, and what is put again is counted once", () => {
  const dropped = [];
  const shelf = new LruCache(100, (value) => dropped.push(value));
  for (let i = 0; i < 5; i++) shelf.put("raw", i, 40);
  shelf.put("clean", 5, 60);
  assert.deepEqual(dropped, []);
  assert.equal(shelf.take("raw"), 4);
  shelf.put("removed", 6, 40);
  assert.deepEqual(dropped, [5]);
  assert.equal(shelf.take("clean"), undefined);
  shelf.put("long", 7, 500);
  assert.deepEqual(dropped, [5, 4, 6]);
  assert.equal(shelf.take("long"), 7);
});

const fetched = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = fetched;
});

/** A context that decodes to as many samples as there are bytes. */
const context = {
  sampleRate: 100,
  decodeAudioData: async (bytes) => ({ length: bytes.byteLength, numberOfChannels: 2 }),
};
const answer = (size) => ({ ok: true, arrayBuffer: async () => new ArrayBuffer(size) });

test("a track is fetched once, and again only after it was dropped", async () => {
  const asked = [];
  globalThis.fetch = async (url) => (asked.push(url), answer(10));
  const tracks = new Tracks(context, { raw: "r.flac", clean: "c.flac" }, { budget: 80 });
  const dropped = [];
  tracks.ondrop = ({ name }) => dropped.push(name);
  const [one, other] = await Promise.all([tracks.load("raw"), tracks.load("raw")]);
  assert.equal(one, other);
  await tracks.load("raw");
  assert.deepEqual(asked, ["r.flac"]);
  await tracks.load("clean");
  assert.deepEqual(dropped, ["raw"]);
  await tracks.load("raw");
  assert.deepEqual(asked, ["r.flac", "c.flac", "r.flac"]);
});

test("twenty minutes in mono fit, two hours do not", () => {
  assert.ok(fit(48_000 * 60 * 20, 1));
  assert.ok(!fit(48_000 * 60 * 20, 2));
  assert.ok(!fit(48_000 * 60 * 120, 1));
});

test("a failure says what and why, and can be tried again", async () => {
  let decodeAudioData = context.decodeAudioData;
  const changing = { ...context, decodeAudioData: (bytes) => decodeAudioData(bytes) };
  const tracks = new Tracks(changing, { raw: "r" });
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(tracks.load("raw"), /raw: the audio could not be fetched. Are you offline/);
  globalThis.fetch = async () => ({ ok: false, status: 404 });
  await assert.rejects(tracks.load("raw"), /raw: the server answered 404/);
  globalThis.fetch = async () => answer(4);
  decodeAudioData = async () => Promise.reject(new Error("EncodingError"));
  await assert.rejects(tracks.load("raw"), /cannot decode the file. Download it instead/);
  decodeAudioData = context.decodeAudioData;
  assert.equal((await tracks.load("raw")).buffer.length, 4);
});
