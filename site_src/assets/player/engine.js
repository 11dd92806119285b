// Plays several versions of one signal on one clock. All start together, and one is audible. A
// switch is a short linear crossfade at the same position. It is linear because the versions are
// correlated: an equal-power fade would raise the level.

import { entry, positionAt } from "./clock.js";
import { Fader } from "./fader.js";

/** Seconds from a call to its effect, so that no ramp starts in a block already rendered. */
const LEAD = 0.03;

/** Synchronised playback of named buffers of equal length. */
export class Engine {
  /** Called at the end of the signal, unless there is a loop. */
  onend = () => {};

  #context;
  #duration;
  #fade;
  #lead;
  /** @type {Map<string, {buffer: AudioBuffer, gain: number}>} */
  #tracks = new Map();
  #selected = "";
  #loop = null;
  #position = 0;
  /** The current playback: a run of the clock, and each track's source and fader. Else null. */
  #deck = null;

  /**
   * @param {BaseAudioContext} context
   * @param {number} duration  Of every track, in seconds.
   * @param {{fade?: number, lead?: number}} [times]  In seconds; `lead` is 0 for rendering offline.
   */
  constructor(context, duration, { fade = 0.015, lead = LEAD } = {}) {
    this.#context = context;
    this.#duration = duration;
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
    return this.#deck ? positionAt(this.#deck.run, this.#context.currentTime) : this.#position;
  }

  /**
   * Add a track, or replace the one with this name. During playback it starts at once.
   *
   * @param {string} name
   * @param {AudioBuffer} buffer  Two tracks may share a buffer.
   * @param {number} gain  Linear.
   */
  add(name, buffer, gain = 1) {
    this.remove(name);
    this.#tracks.set(name, { buffer, gain });
    if (this.#deck) this.#join(this.#deck, name, this.#soon());
  }

  /**
   * Return whether there is a track with this name.
   *
   * @param {string} name
   */
  has(name) {
    return this.#tracks.has(name);
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
    const time = this.#soon();
    this.#position = positionAt(this.#deck.run, time);
    this.#stop(time);
  }

  /**
   * Go to a position. Playback continues if it is running.
   *
   * @param {number} seconds
   */
  seek(seconds) {
    const position = entry(seconds, this.#duration, this.#loop);
    if (this.#deck) this.#start(position);
    else this.#position = position;
  }

  /**
   * Repeat a region; null removes the loop.
   *
   * @param {import("./clock.js").Region | null} region
   */
  loop(region) {
    const position = this.position;
    // Round to whole samples: otherwise browsers interpolate at every repeat, or round differently.
    const { sampleRate } = this.#context;
    const whole = (seconds) => Math.round(seconds * sampleRate) / sampleRate;
    this.#loop = region && { start: whole(region.start), end: whole(region.end) };
    if (this.#deck || region) this.seek(position);
  }

  /** Stop, and remove every track. */
  close() {
    this.pause();
    this.#tracks.clear();
  }

  /** Return the earliest time that can be scheduled, on a whole sample. */
  #soon() {
    const { currentTime, sampleRate } = this.#context;
    return Math.ceil((currentTime + this.#lead) * sampleRate) / sampleRate;
  }

  /** Start a new deck at `position`, and fade out the previous one. */
  #start(position) {
    const time = this.#soon();
    this.#stop(time);
    const { sampleRate } = this.#context;
    const run = {
      time,
      offset: Math.round(position * sampleRate) / sampleRate,
      duration: this.#duration,
      loop: this.#loop,
    };
    this.#deck = { run, voices: new Map() };
    for (const name of this.#tracks.keys()) this.#join(this.#deck, name, time);
  }

  /** Start one track at the position that the deck has at `time`. */
  #join(deck, name, time) {
    const { buffer } = this.#tracks.get(name);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    const out = new GainNode(this.#context, { gain: 0 });
    const voice = { source, fader: new Fader(out.gain, 0) };
    if (deck.run.loop) {
      source.loop = true;
      [source.loopStart, source.loopEnd] = [deck.run.loop.start, deck.run.loop.end];
    }
    source.onended = () => this.#ended(deck);
    source.connect(out).connect(this.#context.destination);
    const offset = positionAt(deck.run, time);
    source.start(time, offset);
    // The start of the signal needs no fade, and a fade would cut its first consonant.
    voice.fader.move(this.#target(name), time, offset === 0 ? 0 : this.#fade);
    deck.voices.set(name, voice);
  }

  /** Return the gain that a track should have. */
  #target(name) {
    return name === this.#selected ? this.#tracks.get(name).gain : 0;
  }

  /** Fade every track to its target gain. */
  #mix() {
    if (!this.#deck) return;
    const time = this.#soon();
    for (const [name, { fader }] of this.#deck.voices) {
      fader.move(this.#target(name), time, this.#fade);
    }
  }

  #stop(time) {
    const deck = this.#deck;
    this.#deck = null;
    for (const voice of deck?.voices.values() ?? []) this.#silence(voice, time);
  }

  #silence({ source, fader }, time) {
    // The end of this source is not the end of the playback.
    source.onended = null;
    fader.move(0, time, this.#fade);
    source.stop(time + this.#fade);
  }

  #ended(deck) {
    if (deck !== this.#deck) return;
    this.#deck = null;
    this.#position = this.#duration;
    this.onend();
  }
}
