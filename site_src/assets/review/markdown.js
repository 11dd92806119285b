// A review as a text that reads well as it is, in a mail, and as Markdown, in a pull request.

import { toFragment } from "../player/link.js";
import { _ } from "../text.js";
import { spot } from "./remarks.js";
import { DECISIONS, standing, visible } from "./wording.js";

const MARKUP = /[\\`*[\]<>&|~]|(?<!\w)_|_(?!\w)/g;
const FOUND = /[@#](?=\w)|:(?=\/\/)|\bwww(?=\.)/gi;

/**
 * Return text that Markdown shows as it is: without markup, HTML, links, mentions and formulas.
 *
 * @param {string} text
 */
export function inert(text) {
  // GitHub finds mentions, issue numbers, bare addresses and formulas in the rendered text: a
  // zero-width space breaks up the first three.
  return visible(text).replace(MARKUP, "\\$&").replace(FOUND, "$&\u200b").replace(/\$/g, "&#36;");
}

/**
 * @param {string} reviewer
 * @param {string} summary  How far the review is.
 * @param {{id: string, path: string, said: import("./review-file.js").Entry}[]} renders
 * @param {(page: string) => string} address  Makes the address of a page absolute.
 * @returns {string} Several lines.
 */
export function markdown(reviewer, summary, renders, address) {
  const by = _("Review by {name}", { name: inert(reviewer || _("somebody")) });
  const lines = [`${by}: ${summary}`, ""];
  for (const { id, path, said } of renders) {
    const page = address(`renders/${id}.html`);
    const [mark, word] = DECISIONS[said.decision] ?? ["·", _("No decision")];
    lines.push(`- ${mark} ${word}: ${inert(path)} <${page}>`);
    for (const remark of standing(said)) {
      const place = `${page}${toFragment({ track: remark.track, time: remark.at })}`;
      lines.push(`  - ${spot(remark)}: ${inert(remark.text)} <${place}>`);
    }
  }
  return `${lines.join("\n")}\n`;
}
