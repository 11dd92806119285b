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
 * @param {HTMLElement} text  Changed words have an element, the others are text, some of it in
 *   stretches that are left out at first.
 * @returns {HTMLElement[]} The words that have a time.
 */
function timed(text) {
  for (const stretch of [text, ...text.querySelectorAll(".st-rest")]) {
    for (const node of [...stretch.childNodes]) {
      if (node.nodeType === Node.TEXT_NODE) node.replaceWith(...node.data.split(/(\S+)/).map(part));
    }
  }
  const words = [...text.querySelectorAll(".st-word, .st-changed")];
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
  word.className = "st-word";
  word.textContent = text;
  return word;
}

function bring(text, words, times) {
  // The Tab key stops once in the transcript; the arrow keys move from word to word, as far as the
  // words are shown.
  for (const word of words) word.role = "button";
  enter();
  text.closest(".st-difference").addEventListener("change", enter);

  text.addEventListener("click", (event) => {
    const word = event.target.closest("[data-t]");
    if (word) go(word);
  });

  text.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const word = event.target.closest("[data-t]");
    if (!word) return;
    const seen = words.filter(isShown);
    const at = seen.indexOf(word);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = { Home: 0, End: seen.length - 1 }[event.key] ?? (step ? at + step : undefined);
    if (event.key === "Enter" || event.key === " ") go(word);
    else if (to === undefined) return;
    else if (seen[to]) focus(seen[to]);
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
    stop(word);
    word.focus();
  }

  /** Let the Tab key stop at the first word that is shown. */
  function enter() {
    stop(words.find(isShown));
  }

  function stop(word) {
    for (const one of words) one.tabIndex = one === word ? 0 : -1;
  }
}

/** Whether a word is not left out. Its whole text may be hidden by the switch. */
function isShown(word) {
  const rest = word.closest(".st-rest");
  return !rest || getComputedStyle(rest).display !== "none";
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
