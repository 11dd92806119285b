// Which key does what. They work while the focus is inside the player, and are listed beside it.

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

/** Inputs of which these keys are already the own. */
const TAKEN = {
  BUTTON: [" "],
  SUMMARY: [" "],
  A: [],
};

/**
 * @param {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "repeat">} event
 * @param {string} tag  The name of the element that has the focus, in capitals.
 * @returns {{action: string, index?: number} | null} What to do; null where the key means nothing
 *   here or something to the element itself.
 */
export function actionOf(event, tag) {
  if (event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT") return null;
  const key = event.key.toLowerCase();
  if (TAKEN[tag]?.includes(key)) return null;
  if (/^[1-9]$/.test(key)) return { action: "track", index: Number(key) - 1 };
  if (!(key in ACTIONS)) return null;
  // A key that is held down winds on; it does not flicker between play and pause.
  const action = ACTIONS[key];
  return event.repeat && !WINDING.has(action) ? null : { action };
}
