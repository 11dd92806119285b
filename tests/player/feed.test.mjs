// What is brought to an engine, and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed } from "../../site_src/assets/player/feed.js";

/** An engine that has what was added, tracks in parts of ten seconds, and what was asked of them. */
function set(position) {
  const parts = new Map();
  const engine = {
    position,
    selected: "removed",
    add: (name, buffer, gain, { start }) => parts.set(`${name} ${start}`, gain),
    ready: (name) => parts.has(`${name} ${10 * Math.floor(engine.position / 10)}`),
    drop: (name, start) => parts.delete(`${name} ${start}`),
  };
  const tracks = {
    load: async (name, seconds) => ({ name, start: 10 * Math.floor(seconds / 10), buffer: null }),
  };
  return { engine, tracks, parts, feed: new Feed(engine, tracks, () => 0.5) };
}

test("a track starts with two seconds in hand", async () => {
  const { parts, feed } = set(27);
  await feed.load("raw");
  assert.deepEqual([...parts], [["raw 20", 0.5]]);
  const late = set(28.5);
  await late.feed.load("raw");
  assert.deepEqual([...late.parts.keys()], ["raw 20", "raw 30"]);
});

test("a position that changes meanwhile is followed", async () => {
  const { engine, parts, feed } = set(27);
  const loading = feed.load("raw");
  engine.position = 55;
  await loading;
  assert.deepEqual([...parts.keys()], ["raw 20", "raw 50"]);
});

test("in advance come raw, clean and what is heard, and nothing else", async () => {
  const { engine, parts } = set(0);
  for (const name of ["raw", "clean", "removed", "vocals"]) engine.onneed(name, 10);
  await new Promise(setImmediate);
  assert.deepEqual([...parts.keys()], ["raw 10", "clean 10", "removed 10"]);
});

test("what memory has no room for is dropped by the engine, too", async () => {
  const { tracks, parts, feed } = set(0);
  await feed.loadPair();
  tracks.ondrop({ name: "raw", start: 0 });
  assert.deepEqual([...parts.keys()], ["clean 0"]);
});
