// A gain that only ever moves along straight lines, so that nothing clicks.

/** Drives an AudioParam, and knows what value it has at any time to come. */
export class Fader {
  #param;
  #from;
  #to;
  #begin = 0;
  #end = 0;

  /**
   * @param {AudioParam} param
   * @param {number} value  What it starts with.
   */
  constructor(param, value) {
    this.#param = param;
    this.#from = this.#to = value;
    param.setValueAtTime(value, 0);
  }

  /**
   * @param {number} time  Not before the last move began.
   * @returns {number} The gain at that time.
   */
  at(time) {
    if (time >= this.#end) return this.#to;
    const share = (time - this.#begin) / (this.#end - this.#begin);
    return this.#from + share * (this.#to - this.#from);
  }

  /**
   * Move to `value` in a straight line. A move that is under way is followed up to `time`:
   * cancelling it alone would let the gain jump back to where that move began.
   *
   * @param {number} value
   * @param {number} time  When to begin.
   * @param {number} seconds  How long it takes.
   */
  move(value, time, seconds) {
    const here = this.at(time);
    this.#param.cancelScheduledValues(time);
    this.#param.linearRampToValueAtTime(here, time);
    this.#param.linearRampToValueAtTime(value, time + seconds);
    [this.#from, this.#to, this.#begin, this.#end] = [here, value, time, time + seconds];
  }
}
