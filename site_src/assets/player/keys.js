// The keyboard shortcuts. They work while the focus is inside the player, which lists them.

const ACTIONS = {
  " ": "toggle",
  k: "toggle",
  j: "back",
  l: "forward",
  i: "loop-from",
  o: "loop-to",
  u: "loop-clear",
  m: "match",
  p: "previous",
  n: "next",
};

const WINDING = new Set(["back", "forward"]);

/** Keys that an element of this tag handles itself. */
const TAKEN = {
  BUTTON: [" "],
  SUMMARY: [" "],
  A: [],
};

/**
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "repeat">} event
 * @param {string} tag  The name of the element that has the focus, in capitals.
 * @returns {{action: string, index?: number} | null} The action; null if the key has none, or if
 *   the element handles the key itself.
 */
export function actionOf(event, tag) {
  if (event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT") return null;
  const key = event.key.toLowerCase();
  if (TAKEN[tag]?.includes(key)) return null;
  if (/^[1-9]$/.test(key)) return { action: "track", index: Number(key) - 1 };
  if (!(key in ACTIONS)) return null;
  // A key that is held down repeats only seeking; it must not toggle between play and pause.
  const action = ACTIONS[key];
  return event.repeat && !WINDING.has(action) ? null : { action };
}
