// Gives the focus back when a field is closed.

/**
 * @param {HTMLElement} [otherwise]  What has it if the element that had it is no longer there.
 * @returns {() => void} Call it to give the focus back to what has it now.
 */
export function keepFocus(otherwise) {
  const from = document.activeElement;
  return () => {
    // The page itself had it: then its keys must not go to the field that was closed.
    if (from === document.body) document.activeElement?.blur();
    else if (from?.isConnected) from.focus();
    else otherwise?.focus();
  };
}
