// A gain that changes only in linear ramps, so that nothing clicks.

/** Controls an AudioParam, and knows its value at any future time. */
export class Fader {
  #param;
  #from;
  #to;
  #begin = 0;
  #end = 0;

  /**
   * @param {AudioParam} param
   * @param {number} value  The initial value.
   */
  constructor(param, value) {
    this.#param = param;
    this.#from = this.#to = value;
    param.setValueAtTime(value, 0);
  }

  /** The start of the last ramp; the next one cannot start before it. */
  get begin() {
    return this.#begin;
  }

  /**
   * @param {number} time  Not before the start of the last ramp.
   * @returns {number} The gain at that time.
   */
  at(time) {
    if (time >= this.#end) return this.#to;
    const share = (time - this.#begin) / (this.#end - this.#begin);
    return this.#from + share * (this.#to - this.#from);
  }

  /**
   * Ramp linearly to `value`. A ramp in progress is kept up to `time`: if it were only cancelled,
   * the gain would jump back to the start of that ramp.
   *
   * @param {number} value
   * @param {number} time  Start of the ramp.
   * @param {number} seconds  Length of the ramp.
   */
  move(value, time, seconds) {
    const here = this.at(time);
    this.#param.cancelScheduledValues(time);
    this.#param.linearRampToValueAtTime(here, time);
    this.#param.linearRampToValueAtTime(value, time + seconds);
    [this.#from, this.#to, this.#begin, this.#end] = [here, value, time, time + seconds];
  }
}
