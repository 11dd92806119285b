// Where the parts of a long file lie, and what is fetched of it. How parts follow each other is
// heard in test_microsite_long.py.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { playable, readHead } from "../../site_src/assets/player/flac.js";
import { NoParts, Tracks } from "../../site_src/assets/player/tracks.js";

const RATE = 1000;
const LENGTH = 2 ** 33 + 5;

/** The first bytes of a FLAC file: these points, and behind them another block of 40 bytes. */
function head(points, { last = true } = {}) {
  const table = 18 * points.length;
  const view = new DataView(new ArrayBuffer(42 + 4 + table + 4 + 40 + 100));
  view.setUint32(0, 0x664c6143);
  view.setUint32(4, 34);
  view.setUint32(18, RATE << 12);
  view.setUint8(21, LENGTH / 2 ** 32);
  view.setUint32(22, LENGTH % 2 ** 32);
  new Uint8Array(view.buffer).fill(9, 26, 42);
  view.setUint32(42, (3 << 24) + table);
  points.forEach(([sample, offset], index) => {
    view.setBigUint64(46 + 18 * index, BigInt(sample));
    view.setBigUint64(54 + 18 * index, BigInt(offset));
  });
  view.setUint32(46 + table, ((last ? 0x84 : 4) << 24) + 40);
  return view.buffer;
}

const POINTS = [
  [0, 0],
  [9000, 500],
  [2 ** 33, 2 ** 34],
];
const AUDIO = 42 + 4 + 54 + 44;
const PARTS = [
  { start: 0, end: 9000, from: AUDIO, to: AUDIO + 500 },
  { start: 9000, end: 2 ** 33, from: AUDIO + 500, to: AUDIO + 2 ** 34 },
  { start: 2 ** 33, end: LENGTH, from: AUDIO + 2 ** 34, to: Infinity },
];

test("the seek table says where the parts are, also those past 32 bits", () => {
  assert.deepEqual(readHead(head(POINTS)).parts, PARTS);
});

test("without a seek table there are no parts", () => {
  assert.equal(readHead(head([])), null);
  assert.equal(readHead(head(POINTS, { last: false })), null, "the head goes on");
  assert.equal(readHead(head(POINTS).slice(0, 60)), null, "the table is cut off");
  assert.equal(readHead(new TextEncoder().encode("<html>".repeat(20)).buffer), null);
  assert.equal(readHead(new ArrayBuffer(0)), null);
});

test("a part is a file that has one block and knows neither its length nor its checksum", () => {
  const bytes = head(POINTS);
  const { stream } = readHead(bytes);
  const file = new Uint8Array(playable(stream, new Uint8Array([7, 8]).buffer));
  const expected = new Uint8Array(bytes.slice(0, 44));
  expected[4] = 128;
  expected.fill(0, 21, 42);
  expected.set([7, 8], 42);
  assert.deepEqual(file, expected);
  assert.deepEqual(stream, new Uint8Array(bytes.slice(0, 42)), "and can be used again");
});

const fetched = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = fetched;
});

/** A server of one file, and the ranges that it was asked for. */
function serve(status = 206) {
  const asked = [];
  globalThis.fetch = async (_, { headers }) => {
    asked.push(headers.Range);
    const body = headers.Range === "bytes=0-65535" ? head(POINTS) : new ArrayBuffer(10);
    return { ok: true, status, arrayBuffer: async () => body };
  };
  return asked;
}

/** Tracks of one long file, every part of which is decoded to so many samples. */
function long(length) {
  const decodeAudioData = async () => ({ length, numberOfChannels: 1 });
  const context = { sampleRate: RATE, decodeAudioData };
  return new Tracks(context, { raw: "r.flac" }, { long: true });
}

test("only the head and the part with the position are fetched, each once", async () => {
  const asked = serve();
  const tracks = long(9000);
  const parts = await Promise.all([tracks.load("raw", 0), tracks.load("raw", 8.999)]);
  assert.deepEqual(asked, ["bytes=0-65535", `bytes=${AUDIO}-${AUDIO + 499}`]);
  assert.equal(parts[0], parts[1]);
  assert.deepEqual([parts[0].start, parts[0].end], [0, 9000]);
});

test("the last part goes to the end, and beyond the end there is no other", async () => {
  const asked = serve();
  const tracks = long(5);
  const part = await tracks.load("raw", LENGTH);
  assert.deepEqual(asked, ["bytes=0-65535", `bytes=${AUDIO + 2 ** 34}-`]);
  assert.deepEqual([part.start, part.end], [2 ** 33, Infinity]);
});

test("a server without parts, and a decoder that loses a sample, are told apart", async () => {
  serve(200);
  await assert.rejects(long(9000).load("raw"), (error) => {
    assert.ok(error instanceof NoParts);
    return /raw: the server does not send parts/.test(error.message);
  });
  serve();
  await assert.rejects(long(8999).load("raw"), (error) => {
    assert.ok(error instanceof NoParts);
    return /raw: this browser cannot decode the file in parts/.test(error.message);
  });
});
