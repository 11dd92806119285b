// The texts and numbers that scripts show, in the language of the page.

/**
 * Return a text in the language of the page. `texts.js`, which a build writes for every language
 * but English, has the translations by their English text.
 *
 * @param {string} text  For example "Page {number}".
 * @param {Record<string, string | number>} [values]  What stands for the names in braces.
 * @returns {string}
 */
export function _(text, values = {}) {
  const found = globalThis.stTexts?.[text] ?? text;
  return found.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/**
 * Format a number.
 *
 * @param {number} value
 * @param {number} digits  How many decimals it has.
 * @returns {string} For example "0.5", or "0,5" in German.
 */
export function decimal(value, digits) {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
  return value.toLocaleString(globalThis.document?.documentElement.lang || "en", style);
}
