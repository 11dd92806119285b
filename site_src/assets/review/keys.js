// The review's keys. They work on the whole page, except while a field takes what is typed.

const ACTIONS = { a: "approved", w: "needs_work", s: "skipped", r: "remark", g: "next" };

const FIELDS = "textarea, select, input:not([type=radio], [type=range], [type=checkbox])";

/**
 * @param {KeyboardEvent} event
 * @returns {string | null} A decision, "remark", "next" or nothing.
 */
export function reviewAction(event) {
  const { key, ctrlKey, metaKey, altKey, repeat, defaultPrevented, target } = event;
  if (ctrlKey || metaKey || altKey || repeat || defaultPrevented) return null;
  if (target instanceof Element && target.closest(FIELDS)) return null;
  return ACTIONS[key.toLowerCase()] ?? null;
}
