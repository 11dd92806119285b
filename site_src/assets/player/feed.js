// Brings an engine the audio that it plays, as far as it is needed.

/** The tracks that most listeners switch between: no switch between them should have to wait. */
const PAIR = ["raw", "clean"];

/** Seconds that a track must have before it starts, so that it is not interrupted at once. */
const START = 2;

/** Loads the tracks of an engine. */
export class Feed {
  #engine;
  #tracks;
  #gainOf;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {import("./tracks.js").Tracks} tracks
   * @param {(name: string) => number} gainOf  The linear gain of a track.
   */
  constructor(engine, tracks, gainOf) {
    this.#engine = engine;
    this.#tracks = tracks;
    this.#gainOf = gainOf;
    tracks.ondrop = ({ name, start }) => engine.drop(name, start);
    engine.onneed = (name, seconds) => {
      const wanted = name === engine.selected || PAIR.includes(name);
      // If this fails, the engine stalls there; loading it again then shows the reason.
      if (wanted) this.#bring(name, seconds).catch(() => {});
    };
  }

  /**
   * Load what a track needs to be heard at the current position, which may change meanwhile.
   *
   * @param {string} name
   * @returns {Promise<void>} Rejected with an error whose message is written for the reader.
   */
  async load(name) {
    while (!this.#engine.ready(name)) {
      const { position } = this.#engine;
      await Promise.all([position, position + START].map((spot) => this.#bring(name, spot)));
    }
  }

  /** Load raw and clean in advance. If it fails, choosing the track shows the reason. */
  async loadPair() {
    for (const name of PAIR) await this.load(name).catch(() => {});
  }

  async #bring(name, seconds) {
    const part = await this.#tracks.load(name, seconds);
    this.#engine.add(name, part.buffer, this.#gainOf(name), part);
  }
}
