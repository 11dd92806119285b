// Keeps the page's address a link to the spot that is shown.

/** Browsers allow a page a hundred new addresses in ten seconds; dragging would use them up. */
const MILLISECONDS = 300;

let timer = 0;

/**
 * Put a fragment into the address, once nothing has changed for a moment.
 *
 * @param {() => string} fragment  Is asked when the moment has come.
 */
export function keepUrlState(fragment) {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(history.state, "", fragment()), MILLISECONDS);
}
