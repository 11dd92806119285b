// Plays several versions of one signal on one clock: all start together, one is heard, and
// switching is a short linear crossfade that leaves the position alone. Linear, because the
// versions are correlated: equal-power fades would swell.

import { entry, positionAt } from "./clock.js";
import { Fader } from "./fader.js";

/** Seconds between an order and its effect, so that no ramp begins in a block already rendered. */
const LEAD = 0.03;

/** Synchronised playback of named buffers of one length. */
export class Engine {
  /** Called when the end is reached without a loop. */
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
  /** What sounds now: a run of the clock, and each track's source and fader. */
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

  /** Whether something sounds. */
  get playing() {
    return this.#deck !== null;
  }

  /** The name of the track that is heard. */
  get selected() {
    return this.#selected;
  }

  /** Seconds from the start of the signal. */
  get position() {
    return this.#deck ? positionAt(this.#deck.run, this.#context.currentTime) : this.#position;
  }

  /**
   * Add a track, or put it in the place of one with that name. It joins in if others play.
   *
   * @param {string} name
   * @param {AudioBuffer} buffer  Two tracks may share one.
   * @param {number} gain  Linear.
   */
  add(name, buffer, gain = 1) {
    this.remove(name);
    this.#tracks.set(name, { buffer, gain });
    if (this.#deck) this.#join(this.#deck, name, this.#soon());
  }

  /**
   * Whether there is a track of that name.
   *
   * @param {string} name
   */
  has(name) {
    return this.#tracks.has(name);
  }

  /**
   * Take a track out; the others play on.
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
   * Hear this track instead. The position is kept.
   *
   * @param {string} name
   */
  select(name) {
    this.#selected = name;
    this.#mix();
  }

  /**
   * Change how loud a track is.
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

  /** Play from where it stands; from the beginning if that is the end. */
  play() {
    if (this.#deck) return;
    const position = this.#position >= this.#duration ? 0 : this.#position;
    this.#start(entry(position, this.#duration, this.#loop));
  }

  /** Stop, and stay there. */
  pause() {
    if (!this.#deck) return;
    const time = this.#soon();
    this.#position = positionAt(this.#deck.run, time);
    this.#stop(time);
  }

  /**
   * Go to a position, playing on if it plays.
   *
   * @param {number} seconds
   */
  seek(seconds) {
    const position = entry(seconds, this.#duration, this.#loop);
    if (this.#deck) this.#start(position);
    else this.#position = position;
  }

  /**
   * Repeat a region, or with null nothing.
   *
   * @param {import("./clock.js").Region | null} region
   */
  loop(region) {
    const position = this.position;
    // On whole samples: a browser would fill in between them on every pass, or round by itself.
    const { sampleRate } = this.#context;
    const whole = (seconds) => Math.round(seconds * sampleRate) / sampleRate;
    this.#loop = region && { start: whole(region.start), end: whole(region.end) };
    if (this.#deck || region) this.seek(position);
  }

  /** Stop, and forget every track. */
  close() {
    this.pause();
    this.#tracks.clear();
  }

  /** The next moment that can still be scheduled, on a sample. */
  #soon() {
    const { currentTime, sampleRate } = this.#context;
    return Math.ceil((currentTime + this.#lead) * sampleRate) / sampleRate;
  }

  /** Begin a new deck at `position`, fading out of the one before. */
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

  /** Start one track where the deck stands at `time`. */
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
    // A beginning needs no fade, and would lose its first consonant to one.
    voice.fader.move(this.#target(name), time, offset === 0 ? 0 : this.#fade);
    deck.voices.set(name, voice);
  }

  /** The gain a track should have. */
  #target(name) {
    return name === this.#selected ? this.#tracks.get(name).gain : 0;
  }

  /** Bring every track to the gain it should have. */
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
    // Its end is not the end of what plays.
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
