// The audio contexts of a page, one for every sample rate.

/** @type {Map<number, AudioContext>} */
const contexts = new Map();

/**
 * Return the page's audio context for a rate. It is created at the first call and resumed at every
 * call. Call this in the handler of a user gesture, because phones block sound otherwise.
 *
 * @param {number} rate  The signal's own rate in Hz, which avoids resampling and saves memory.
 * @returns {AudioContext}
 */
export function openContext(rate) {
  // Otherwise an iPhone's mute switch, which is meant for the ringtone, would silence the page.
  if (navigator.audioSession) navigator.audioSession.type = "playback";
  const context = contexts.get(rate) ?? made(rate);
  contexts.set(rate, context);
  // This may fail during a phone call; the next gesture tries again.
  context.resume().catch(() => {});
  return context;
}

function made(rate) {
  try {
    return new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  } catch {
    // Some browsers do not support every rate; use the default rate.
    return new AudioContext();
  }
}
