// The seam of a loop: where its end meets its start, the signal jumps, and each version jumps in its
// own way. A short fade at both ends takes the click away, so that it cannot tell the versions apart.

/** Seconds of the fade at each end of a loop. */
const SECONDS = 0.01;

/**
 * Fade a stretch of samples in and out, in place: half a period of a raised cosine at each end.
 *
 * @param {Float32Array} samples
 * @param {number} start  The first sample of the stretch.
 * @param {number} end  The sample after its last.
 * @param {number} length  Samples of each fade; at most half of the stretch is used.
 */
export function fadeEnds(samples, start, end, length) {
  const count = Math.min(length, Math.floor((end - start) / 2));
  for (let at = 0; at < count; at++) {
    const gain = (1 - Math.cos((Math.PI * at) / count)) / 2;
    samples[start + at] *= gain;
    samples[end - 1 - at] *= gain;
  }
}

/**
 * Return a copy of a version whose loop has no click at its seam.
 *
 * @param {AudioBuffer} buffer
 * @param {import("../player/clock.js").Region} loop  In seconds.
 * @returns {AudioBuffer}
 */
export function withFadedSeam(buffer, { start, end }) {
  const { length, numberOfChannels, sampleRate } = buffer;
  const copy = new AudioBuffer({ length, numberOfChannels, sampleRate });
  const [first, last] = [start, end].map((seconds) => Math.round(seconds * sampleRate));
  for (let channel = 0; channel < numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel).slice();
    fadeEnds(samples, first, Math.min(last, length), Math.round(SECONDS * sampleRate));
    copy.copyToChannel(samples, channel);
  }
  return copy;
}
