// Where playback stands, and what a spot and a stretch are.

import assert from "node:assert/strict";
import { test } from "node:test";

import { entry, loopFrom, loopTo, positionAt, region } from "../../site_src/assets/player/clock.js";
import { fromFragment, toFragment } from "../../site_src/assets/player/link.js";
import { actionOf } from "../../site_src/assets/player/keys.js";
import { bytes, clock, decibels, exactClock, linear } from "../../site_src/assets/player/wording.js";

const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("position is offset and time gone by, up to the end, and a loop is never left", () => {
  const run = { time: 10, offset: 2, duration: 8, loop: null };
  near(positionAt(run, 13.5), 5.5);
  near(positionAt(run, 9), 2); // Scheduled, and not begun.
  near(positionAt(run, 99), 8);
  const looped = { time: 0, offset: 1, duration: 60, loop: { start: 2, end: 4.5 } };
  for (const [time, position] of [[0.5, 1.5], [3.4, 4.4], [3.5, 2], [4, 2.5], [6, 2], [1003.5, 2]]) {
    near(positionAt(looped, time), position);
  }
});

test("nothing begins outside the signal or behind the loop", () => {
  assert.equal(entry(-3, 10, null), 0);
  assert.equal(entry(12, 10, null), 10);
  assert.equal(entry(7, 10, { start: 2, end: 5 }), 2);
  assert.equal(entry(1, 10, { start: 2, end: 5 }), 1);
});

test("a region has its ends in order and is long enough to hear", () => {
  assert.deepEqual(region(5, 2, 10), { start: 2, end: 5 });
  assert.deepEqual(region(-1, 99, 10), { start: 0, end: 10 });
  assert.equal(region(3, 3.05, 10), null);
});

test("one end of a loop moves, and the other stays unless it is in the way", () => {
  const loop = { start: 5, end: 8 };
  assert.deepEqual(loopFrom(6, loop, 20), { start: 6, end: 8 });
  assert.deepEqual(loopFrom(9, loop, 20), { start: 9, end: 20 });
  assert.deepEqual(loopTo(7, loop, 20), { start: 5, end: 7 });
  assert.deepEqual(loopTo(2, loop, 20), { start: 0, end: 2 });
  assert.deepEqual(loopFrom(3, null, 20), { start: 3, end: 20 });
  assert.deepEqual(loopTo(3, null, 20), { start: 0, end: 3 });
  assert.equal(loopFrom(20, loop, 20), null);
  assert.equal(loopTo(0, loop, 20), null);
});

test("a spot comes back from its link, and what is no spot is none", () => {
  const spot = { track: "clean", time: 12.34, loop: { start: 3, end: 8.5 } };
  assert.equal(toFragment(spot), "#v=clean&t=12.34&l=3.00-8.50");
  assert.deepEqual(fromFragment(toFragment(spot)), spot);
  assert.deepEqual(fromFragment("#t=0"), { time: 0 });
  for (const fragment of ["", "#words", "#t=-1", "#t=1e9", "#t=NaN", "#l=5-3", "#l=5", "#t=%00"]) {
    assert.equal(fromFragment(fragment), null, fragment);
  }
  assert.deepEqual(fromFragment("#t=x&v=<b>"), { track: "<b>" });
});

const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("keys mean something, unless the element wants them itself", () => {
  assert.deepEqual(actionOf(press(" "), "INPUT"), { action: "toggle" });
  assert.equal(actionOf(press(" "), "BUTTON"), null);
  assert.deepEqual(actionOf(press("k"), "BUTTON"), { action: "toggle" });
  assert.deepEqual(actionOf(press("L"), "DIV"), { action: "forward" });
  assert.deepEqual(actionOf(press("3"), "DIV"), { action: "track", index: 2 });
  for (const key of ["0", "x", "Tab", "ArrowLeft"]) assert.equal(actionOf(press(key), "DIV"), null);
  assert.equal(actionOf(press("l"), "SELECT"), null);
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) {
    assert.equal(actionOf(press("l", { [modifier]: true }), "DIV"), null);
  }
  // A key that is held down winds and does nothing else.
  assert.deepEqual(actionOf(press("j", { repeat: true }), "DIV"), { action: "back" });
  assert.equal(actionOf(press("k", { repeat: true }), "DIV"), null);
});

test("numbers read as people write them", () => {
  assert.deepEqual([0, 59.99, 60, 3723].map(clock), ["0:00", "0:59", "1:00", "1:02:03"]);
  assert.deepEqual([0.34, 59.96, 63].map(exactClock), ["0:00.3", "1:00.0", "1:03.0"]);
  assert.deepEqual([-3.21, 0, -0.04, 2].map(decibels), ["−3.2 dB", "0.0 dB", "0.0 dB", "2.0 dB"]);
  assert.deepEqual([640, 2_340_000, 1500].map(bytes), ["640 B", "2.3 MB", "1.5 kB"]);
  near(linear(-20), 0.1);
});
