// Shows a result. Its values may come from a link, so they are set as text, never as HTML.

import { _ } from "../text.js";
import { ways } from "./binomial.js";
import { element, part } from "./elements.js";
import { date, pText, renders, sentence, tally, text, title, trialWords, verdict } from "./reading.js";

/** @typedef {import("./result.js").Result} Result */

/**
 * Show a result inside `root`.
 *
 * @param {HTMLElement} root
 * @param {Result} result
 * @param {string[]} paths  The render of each trial.
 * @param {string} link  The URL that shows the result again.
 * @param {string} remark  A warning about the result; may be empty.
 * @param {{head: string, base: string}} titles  The title of each version, with its mark.
 */
export function showResult(root, result, paths, link, remark, titles) {
  part(root, "about").textContent = `${capital(title(result))}, ${date(result)}`;
  part(root, "listened").textContent = renders(paths);
  part(root, "figures").replaceChildren(...figures(result, titles));
  part(root, "answers-given").replaceChildren(...answers(result, paths, titles));
  part(root, "sentence").textContent = sentence(result);
  part(root, "chance").replaceChildren(...chance(result));
  part(root, "text").value = text(result, paths, link, titles);
  part(root, "link").value = link;
  part(root, "remark").textContent = remark;
  part(root, "remark").hidden = !remark;
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function figures(result, titles) {
  const { count, right, head, base, none, p } = tally(result);
  const sided =
    result.test === "abx"
      ? _("exact binomial test, one-sided")
      : _("exact sign test, two-sided");
  const found =
    result.test === "abx"
      ? [tile(_("Right"), _("{right} of {count}", { right, count }), _("guessing gets half"))]
      : [
          tile(titles.head, String(head), result.head),
          tile(titles.base, String(base), result.base),
          tile(_("– No difference"), String(none), _("of {count} trials; left out of p", { count })),
        ];
  return [...found, tile(_("By chance"), pText(p), sided)];
}

function tile(name, figure, note) {
  return element(
    "div",
    "st-tile",
    element("dt", "", name),
    element("dd", "st-figure", figure),
    element("dd", "st-note", note),
  );
}

/** Return an entry per trial: the render, what was played, the answer, and whether it was right. */
function answers(result, paths, titles) {
  return paths.map((path, at) => {
    const letter = result.answers[at];
    const { played, answer } = trialWords(result, at, titles);
    const outcome = element("b", "st-blind-verdict", verdict(letter, titles));
    outcome.dataset.outcome = letter;
    return element(
      "li",
      "",
      element("bdi", "st-blind-path", ...breakable(path)),
      outcome,
      element("span", "st-note", _("{played} · answer: {answer}", { played: played.join(" · "), answer })),
    );
  });
}

/** Return a path that breaks after its folders and words, and before its suffix. */
function breakable(path) {
  const parts = path.split(/(?<=[/_ -])|(?=\.)/);
  return parts.flatMap((part, at) => (at ? [element("wbr", ""), part] : [part]));
}

/** Return a chart of the distribution under guessing; the columns that add up to p are filled. */
function chance(result) {
  const { count, right, head, base } = tally(result);
  const abx = result.test === "abx";
  const n = abx ? count : head + base;
  if (n === 0) return [];
  const edge = abx ? right : Math.max(head, base);
  const row = ways(n);
  const highest = Math.max(...row);
  const columns = row.map((number, k) => {
    const column = element("span", "", element("span", "", String(k)));
    column.style.setProperty("--st-share", String(number / highest));
    if (k >= edge || (!abx && k <= n - edge)) column.dataset.counts = "";
    if (k === (abx ? right : head)) column.dataset.found = "";
    return column;
  });
  const bars = element("div", "st-blind-bars", ...columns);
  bars.ariaHidden = "true";
  const what = abx
    ? _("How often guessing gives each number of right answers out of {n}.", { n })
    : _("How often guessing gives each number of preferences for the build out of {n}.", { n });
  const caption = element(
    "figcaption",
    "",
    `${what} `,
    _("The filled columns add up to p; this result is underlined."),
  );
  return [bars, caption];
}
