// Keeps the current position in the page's URL.

/** Delay: browsers allow a page 100 new URLs in ten seconds, and dragging would exceed that. */
const MILLISECONDS = 300;

let timer = 0;

/**
 * Put a fragment into the URL, as soon as there were no changes for a short time.
 *
 * @param {() => string} fragment  Called after that time.
 */
export function keepUrlState(fragment) {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(history.state, "", fragment()), MILLISECONDS);
}
