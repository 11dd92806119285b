// Makes the transcript interactive: a click on a word plays from there, and the current word is
// marked.

const player = document.querySelector("stem-ab");
await customElements.whenDefined("stem-ab");
const texts = player.live ? document.querySelectorAll("[data-words]") : [];

for (const text of texts) {
  const words = timed(text);
  const times = words.map((word) => Number(word.dataset.t));
  if (words.length) bring(text, words, times);
}

/**
 * Give every word an element of its own, and its time in seconds if it has one.
 *
 * @param {HTMLElement} text  Changed words have an element, the others are text.
 * @returns {HTMLElement[]} The words that have a time.
 */
function timed(text) {
  for (const node of [...text.childNodes]) {
    if (node.nodeType === Node.TEXT_NODE) node.replaceWith(...node.data.split(/(\S+)/).map(part));
  }
  const words = [...text.children];
  const steps = text.dataset.words.split(",");
  // Something else has changed the text, for example the browser's translator.
  if (steps.length !== words.length) return [];
  let hundredths = 0;
  return words.filter((word, index) => {
    hundredths += Number(steps[index]);
    if (steps[index]) word.dataset.t = hundredths / 100;
    return steps[index];
  });
}

function part(text) {
  if (!text.trim()) return text;
  const word = document.createElement("span");
  word.textContent = text;
  return word;
}

function bring(text, words, times) {
  // The Tab key stops once in the transcript; the arrow keys move from word to word.
  words.forEach((word, index) => {
    word.role = "button";
    word.tabIndex = index ? -1 : 0;
  });

  text.addEventListener("click", (event) => {
    const word = event.target.closest("[data-t]");
    if (word) go(word);
  });

  text.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = words.indexOf(event.target.closest("[data-t]"));
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = { Home: 0, End: words.length - 1 }[event.key] ?? (step ? at + step : undefined);
    if (event.key === "Enter" || event.key === " ") go(words[at]);
    else if (to === undefined) return;
    else if (words[to]) focus(words[to]);
    event.preventDefault();
  });

  let current = null;
  player.addEventListener("ab-time", ({ detail: seconds }) => {
    const word = player.playing ? words[lastBefore(times, seconds)] : undefined;
    if (word === current) return;
    current?.removeAttribute("aria-current");
    word?.setAttribute("aria-current", "true");
    current = word;
  });

  function focus(word) {
    for (const one of words) one.tabIndex = -1;
    word.tabIndex = 0;
    word.focus();
  }
}

function go(word) {
  player.hear(Number(word.dataset.t));
}

/** Return the index of the last value `<= seconds` in the ascending `times`, or -1. */
function lastBefore(times, seconds) {
  let [low, high] = [-1, times.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (times[middle] <= seconds) low = middle;
    else high = middle - 1;
  }
  return low;
}
