// Plays several versions of one signal on one clock. All start together, and one is audible. A
// switch is a short linear crossfade at the same position. It is linear because the versions are
// correlated: an equal-power fade would raise the level.
//
// Methods take seconds. Inside, times and positions are whole samples, so that parts of a track
// follow each other without a gap, and browsers need not interpolate.

import { entry, positionAt } from "./clock.js";
import { Fader } from "./fader.js";

/** Seconds from a call to its effect, so that no ramp starts in a block already rendered. */
const LEAD = 0.03;

/** The same for a change of gain alone. If it is late, it only begins within its ramp. */
const SWITCH_LEAD = 0.01;

/** Seconds of audio to have scheduled, so that the next part of a track has time to arrive. */
const AHEAD = 15;

/** Synchronised playback of named tracks of equal length. A track has one part or many. */
export class Engine {
  /** Called at the end of the signal, unless there is a loop. */
  onend = () => {};
  /** Called with the name of a track, and the position in seconds of a part that it will need. */
  onneed = () => {};
  /** Called when playback has stopped because the audible track lacks the part that comes next. */
  onstall = () => {};

  #context;
  #duration;
  #fade;
  #lead;
  /** @type {Map<string, {parts: Map<number, Part>, gain: number}>} */
  #tracks = new Map();
  #selected = "";
  #loop = null;
  #position = 0;
  /** The current playback: a run of the clock, and each track's voice. Else null. */
  #deck = null;

  /**
   * @param {BaseAudioContext} context
   * @param {number} duration  Of every track, in seconds.
   * @param {{fade?: number, lead?: number}} [times]  In seconds; `lead` is 0 for rendering offline.
   */
  constructor(context, duration, { fade = 0.015, lead = LEAD } = {}) {
    this.#context = context;
    this.#duration = this.#samples(duration);
    this.#fade = fade;
    this.#lead = lead;
  }

  /** Whether playback is running. */
  get playing() {
    return this.#deck !== null;
  }

  /** The name of the audible track. */
  get selected() {
    return this.#selected;
  }

  /** Seconds from the start of the signal. */
  get position() {
    return this.#seconds(this.#here);
  }

  /**
   * Add a track, or a part of one. During playback it starts at once.
   *
   * @typedef {object} Part
   * @property {AudioBuffer} buffer  Two tracks may share a buffer.
   * @property {number} start  Its first sample in the track.
   * @property {number} end  The sample after its last; Infinity if it lasts until the end.
   *
   * @param {string} name
   * @param {AudioBuffer} buffer
   * @param {number} gain  Linear; of the whole track.
   * @param {{start: number, end: number}} [span]
   */
  add(name, buffer, gain = 1, { start = 0, end = Infinity } = {}) {
    const track = this.#tracks.get(name) ?? { parts: new Map(), gain };
    this.#tracks.set(name, track);
    track.parts.set(start, { buffer, start, end });
    if (!this.#deck) return;
    if (this.#deck.voices.has(name)) this.#extend(this.#deck, name, this.#soon());
    else this.#join(this.#deck, name, this.#soon());
  }

  /**
   * Return whether a track can be heard at the current position.
   *
   * @param {string} name
   */
  ready(name) {
    return this.#partAt(name, this.#here) !== undefined;
  }

  /**
   * Remove a track; the others continue.
   *
   * @param {string} name
   */
  remove(name) {
    this.#tracks.delete(name);
    const voice = this.#deck?.voices.get(name);
    if (!voice) return;
    this.#deck.voices.delete(name);
    this.#silence(voice, this.#soon());
  }

  /**
   * Remove a part of a track, or the track with its last one.
   *
   * @param {string} name
   * @param {number} start
   */
  drop(name, start) {
    const parts = this.#tracks.get(name)?.parts;
    parts?.delete(start);
    if (parts?.size === 0) this.remove(name);
  }

  /**
   * Switch to this track at the same position.
   *
   * @param {string} name
   */
  select(name) {
    this.#selected = name;
    this.#mix();
  }

  /**
   * Set the gain of a track.
   *
   * @param {string} name
   * @param {number} gain  Linear.
   */
  level(name, gain) {
    const track = this.#tracks.get(name);
    if (!track) return;
    track.gain = gain;
    this.#mix();
  }

  /** Play from the current position, or from the start if that is the end. */
  play() {
    if (this.#deck) return;
    const position = this.#position >= this.#duration ? 0 : this.#position;
    this.#start(entry(position, this.#duration, this.#loop));
  }

  /** Stop, and keep the position. */
  pause() {
    if (!this.#deck) return;
    const { run } = this.#deck;
    const time = this.#soon();
    this.#stop(time);
    // Later than planned, if the browser was held up meanwhile.
    this.#position = positionAt(run, Math.max(time, this.#soon(0)));
  }

  /**
   * Go to a position. Playback continues if it is running.
   *
   * @param {number} seconds
   */
  seek(seconds) {
    const position = entry(this.#samples(seconds), this.#duration, this.#loop);
    if (this.#deck) this.#start(position);
    else this.#position = position;
  }

  /**
   * Repeat a region; null removes the loop.
   *
   * @param {import("./clock.js").Region | null} region  In seconds.
   */
  loop(region) {
    const { position } = this;
    this.#loop = region && { start: this.#samples(region.start), end: this.#samples(region.end) };
    if (this.#deck || region) this.seek(position);
  }

  /** Stop, and remove every track. */
  close() {
    this.pause();
    this.#tracks.clear();
  }

  #samples(seconds) {
    return Math.round(seconds * this.#context.sampleRate);
  }

  #seconds(samples) {
    return samples / this.#context.sampleRate;
  }

  /** The current position. */
  get #here() {
    if (!this.#deck) return this.#position;
    return positionAt(this.#deck.run, this.#context.currentTime * this.#context.sampleRate);
  }

  /** Return the earliest time that can be scheduled. */
  #soon(lead = this.#lead) {
    const { currentTime, sampleRate } = this.#context;
    return Math.ceil((currentTime + lead) * sampleRate);
  }

  /** Return the part of a track that has a position, if it is there. */
  #partAt(name, position) {
    const parts = this.#tracks.get(name)?.parts.values() ?? [];
    return [...parts].find(({ start, end }) => start <= position && position < end);
  }

  /** Start a new deck at `position`, and fade out the previous one. */
  #start(position) {
    const time = this.#soon();
    this.#stop(time);
    this.#position = position;
    if (this.#tracks.has(this.#selected) && !this.#partAt(this.#selected, position)) {
      this.onstall();
      return;
    }
    const run = { time, offset: position, duration: this.#duration, loop: this.#loop };
    this.#deck = { run, voices: new Map() };
    for (const name of this.#tracks.keys()) this.#join(this.#deck, name, time);
  }

  /** Start one track at the position that the deck has at `time`. */
  #join(deck, name, time) {
    const out = new GainNode(this.#context, { gain: 0 });
    out.connect(this.#context.destination);
    const fader = new Fader(out.gain, 0);
    const voice = { out, fader, sources: new Set(), begin: null, until: time };
    deck.voices.set(name, voice);
    this.#extend(deck, name, time);
    const begin = voice.begin ?? time;
    // The start of the signal needs no fade, and a fade would cut its first consonant.
    const fade = positionAt(deck.run, begin) === 0 ? 0 : this.#fade;
    fader.move(this.#target(name), this.#seconds(begin), fade);
  }

  /** Schedule the parts that a track has next, for some time after `time`. */
  #extend(deck, name, time) {
    const voice = deck.voices.get(name);
    // A part that came late starts in its middle.
    voice.until = Math.max(voice.until, time);
    while (voice.until < this.#soon() + this.#samples(AHEAD)) {
      const position = positionAt(deck.run, voice.until);
      if (position >= this.#duration) return;
      const part = this.#partAt(name, position);
      if (!part) {
        this.onneed(name, this.#seconds(position));
        return;
      }
      this.#schedule(deck, name, part, position);
    }
  }

  /**
   * Let a track go on with a part, from `position` to the end of the part or of the loop. If it is
   * too late for that, only move the time at which the track can go on.
   */
  #schedule(deck, name, { buffer, start, end }, position) {
    const voice = deck.voices.get(name);
    const { loop } = deck.run;
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(voice.out);
    source.start(this.#seconds(voice.until), this.#seconds(position - start));
    const late = this.#soon(Math.min(SWITCH_LEAD, this.#lead)) - voice.until;
    const later = this.#soon(2 * this.#lead + this.#seconds(late));
    if (late > 0 && positionAt(deck.run, later) < this.#duration) {
      // The browser was held up before the start. This source would lag behind the clock, so the
      // track starts later, at the position that the clock has then.
      source.disconnect();
      voice.until = later;
      return;
    }
    voice.begin ??= voice.until;
    source.onended = () => this.#ended(deck, name, source);
    voice.sources.add(source);
    if (loop && start <= loop.start && loop.end <= end) {
      source.loop = true;
      source.loopStart = this.#seconds(loop.start - start);
      source.loopEnd = this.#seconds(loop.end - start);
      voice.until = Infinity;
    } else {
      const stop = Math.min(end, loop?.end ?? this.#duration);
      voice.until += stop - position;
      if (stop < end) source.stop(this.#seconds(voice.until));
    }
  }

  /** Return the gain that a track should have. */
  #target(name) {
    return name === this.#selected ? this.#tracks.get(name).gain : 0;
  }

  /** Fade every track to its target gain. */
  #mix() {
    if (!this.#deck) return;
    // A browser renders as much at a time as its base latency.
    const lead = Math.max(SWITCH_LEAD, this.#context.baseLatency ?? 0);
    const soon = this.#seconds(this.#soon(Math.min(lead, this.#lead)));
    const voices = [...this.#deck.voices];
    // All at the same time, or their sum would change: also those that have only just started.
    const time = Math.max(soon, ...voices.map(([, { fader }]) => fader.begin));
    for (const [name, { fader }] of voices) fader.move(this.#target(name), time, this.#fade);
  }

  #stop(time) {
    const deck = this.#deck;
    this.#deck = null;
    for (const voice of deck?.voices.values() ?? []) this.#silence(voice, time);
  }

  #silence({ sources, fader }, time) {
    fader.move(0, this.#seconds(time), this.#fade);
    for (const source of sources) {
      // The end of this source is not the end of the playback.
      source.onended = null;
      source.stop(this.#seconds(time) + this.#fade);
    }
  }

  /** Schedule more, or notice that there is no more. */
  #ended(deck, name, source) {
    if (deck !== this.#deck) return;
    const voice = deck.voices.get(name);
    const reached = positionAt(deck.run, voice.until);
    voice.sources.delete(source);
    this.#extend(deck, name, this.#soon());
    if (voice.sources.size > 0) return;
    if (reached >= this.#duration) {
      this.#deck = null;
      this.#position = this.#duration;
      this.onend();
    } else if (name === this.#selected) {
      this.#stop(this.#soon());
      this.#position = reached;
      this.onstall();
    }
  }
}
