// What is kept, what is fetched, and how a gain moves.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Fader } from "../../site_src/assets/player/fader.js";
import { LruCache } from "../../site_src/assets/player/lru-cache.js";
import { Tracks, fit } from "../../site_src/assets/player/tracks.js";

/** An AudioParam's automation, evaluated as the Web Audio specification says. */
class Param {
  events = [];
  setValueAtTime(value, time) {
    this.#add({ kind: "set", value, time });
  }
  linearRampToValueAtTime(value, time) {
    this.#add({ kind: "ramp", value, time });
  }
  cancelScheduledValues(time) {
    this.events = this.events.filter((event) => event.time < time);
  }
  at(time) {
    let before = { value: 0, time: 0 };
    for (const event of this.events) {
      if (event.time > time) {
        if (event.kind === "set") break;
        const share = (time - before.time) / (event.time - before.time);
        return before.value + share * (event.value - before.value);
      }
      before = event;
    }
    return before.value;
  }
  #add(event) {
    const after = this.events.findIndex(({ time }) => time > event.time);
    this.events.splice(after < 0 ? this.events.length : after, 0, event);
  }
}

test("a gain never jumps, however often it is turned around", () => {
  const param = new Param();
  const fader = new Fader(param, 0);
  let time = 1;
  const asked = [];
  for (const [index, gap] of [0.02, 0.004, 0, 0.001, 0.009, 0.05, 0.003, 0.0149].entries()) {
    time += gap;
    asked.push(time);
    fader.move(index % 2 ? 0 : 0.8, time, 0.015);
  }
  const step = 1e-4;
  for (let t = 0.9; t < time + 0.1; t += step) {
    const jump = Math.abs(param.at(t + step) - param.at(t));
    assert.ok(jump <= (0.8 / 0.015) * step * 1.001, `${jump} at ${t}`);
  }
  assert.equal(param.at(time + 1), 0);
});

test("a fader knows its own value", () => {
  const param = new Param();
  const fader = new Fader(param, 1);
  fader.move(0, 2, 0.5);
  for (const time of [0, 1.9, 2, 2.1, 2.4999, 2.5, 9]) {
    const known = time < 2 ? 1 : fader.at(time);
    assert.ok(Math.abs(param.at(time) - known) < 1e-9, `${time}`);
  }
});

test("the least recently used goes first", () => {
  const dropped = [];
  const shelf = new LruCache(100, (name) => dropped.push(name));
  shelf.put("raw", 1, 40);
  shelf.put("clean", 2, 40);
  assert.equal(shelf.take("raw"), 1);
  shelf.put("removed", 3, 40);
  assert.deepEqual(dropped, ["clean"]);
  assert.equal(shelf.take("clean"), undefined);
  shelf.put("long", 4, 500);
  assert.deepEqual(dropped, ["clean", "raw", "removed"]);
  assert.equal(shelf.take("long"), 4);
});

test("what is put again is counted once", () => {
  const shelf = new LruCache(100, () => assert.fail("nothing needs to go"));
  for (let i = 0; i < 5; i++) shelf.put("raw", i, 60);
  shelf.put("clean", 9, 40);
  assert.equal(shelf.take("raw"), 4);
});

const fetched = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = fetched;
});

/** A context that decodes to as many samples as there are bytes. */
const context = {
  decodeAudioData: async (bytes) => ({ length: bytes.byteLength, numberOfChannels: 2 }),
};
const answer = (size) => ({ ok: true, arrayBuffer: async () => new ArrayBuffer(size) });

test("a track is fetched once, and again only after it was dropped", async () => {
  const asked = [];
  globalThis.fetch = async (url) => (asked.push(url), answer(10));
  const tracks = new Tracks(context, { raw: "r.flac", clean: "c.flac" }, 80);
  const dropped = [];
  tracks.ondrop = (name) => dropped.push(name);
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
  const tracks = new Tracks(context, { raw: "r.flac" });
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(tracks.load("raw"), /raw: the audio could not be fetched. Are you offline/);
  globalThis.fetch = async () => ({ ok: false, status: 404 });
  await assert.rejects(tracks.load("raw"), /raw: the server answered 404/);
  globalThis.fetch = async () => answer(4);
  assert.equal((await tracks.load("raw")).length, 4);
});

test("a file that does not decode is told apart from one that is not there", async () => {
  const broken = { decodeAudioData: async () => Promise.reject(new Error("EncodingError")) };
  globalThis.fetch = async () => answer(4);
  const tracks = new Tracks(broken, { raw: "r.flac" });
  await assert.rejects(tracks.load("raw"), /cannot decode the file. Download it instead/);
});
