// One audio context a page.

/** @type {AudioContext | undefined} */
let context;

/**
 * The page's audio context, made at the first call and awake after each. Call it inside the
 * reader's tap: phones let no page make a sound otherwise.
 *
 * @param {number} [rate]  The signal's own rate in Hz, which saves resampling and memory.
 * @returns {AudioContext}
 */
export function openContext(rate) {
  // So that an iPhone's mute switch, meant for ringing, does not silence it.
  if (navigator.audioSession) navigator.audioSession.type = "playback";
  context ??= made(rate);
  // It may be refused during a call; the next tap tries again.
  context.resume().catch(() => {});
  return context;
}

function made(rate) {
  try {
    return new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  } catch {
    // Not every browser takes every rate; its own will do.
    return new AudioContext();
  }
}
