// Shows a review from a file or a link. It comes from somebody else: its strings are set as text.

import { element, part } from "../blind/elements.js";
import { date } from "../blind/reading.js";
import { toFragment } from "../player/link.js";
import { _ } from "../text.js";
import { spot } from "./remarks.js";
import { chip, counted, isolated, standing, visible } from "./wording.js";

/**
 * Show a review inside `root`.
 *
 * @param {HTMLElement} root
 * @param {import("./review-file.js").Review} review
 * @param {import("./progress.js").Render[]} renders  Those of this site.
 */
export function showOpened(root, review, renders) {
  const known = new Map(renders.map((one) => [one.path, one]));
  const said = review.renders.filter((one) => one.decision !== null || standing(one).length);
  part(root, "opened-title").textContent = _("Review by {name}", {
    name: visible(review.reviewer),
  });
  const { profile, created } = review.build;
  part(root, "opened-about").textContent =
    _("About a build of {created} with the profile {profile}: {renders}.", {
      created: day(created),
      profile: visible(profile),
      renders: counted(said.length, "render"),
    });
  const place = ({ path }) => renders.findIndex((one) => one.path === path) >>> 0;
  const items = said
    .sort((one, other) => place(one) - place(other))
    .map((one) => item(one, known.get(one.path)));
  part(root, "opened-said").replaceChildren(...items);
  part(root, "opened").hidden = false;
  part(root, "opened-title").focus();
}

/** Return the date of a build for people. Its moment may be any text. */
function day(created) {
  const on = created.slice(0, 10);
  return Number.isNaN(Date.parse(`${on}T00:00:00Z`)) ? visible(created) : date({ on });
}

function item(entry, render) {
  const current = render?.sound_sha256 === entry.sound_sha256;
  const name = isolated(entry.path);
  const shown = element("li", "", current ? link(`renders/${render.id}.html`, name) : name, " ");
  if (entry.decision) shown.append(chip(entry.decision), " ");
  if (!current) shown.append(element("span", "st-note", render ? OUTDATED : UNKNOWN));
  const remarks = standing(entry).map((remark) => {
    const page = current && `renders/${render.id}.html`;
    const fragment = toFragment({ track: remark.track, time: remark.at });
    const at = page ? link(`${page}${fragment}`, spot(remark)) : spot(remark);
    return element("li", "", at, ": ", isolated(remark.text));
  });
  if (remarks.length) shown.append(element("ul", "", ...remarks));
  return shown;
}

const OUTDATED = _("about an earlier version, so it does not count");
const UNKNOWN = _("not a render of this site");

function link(href, content) {
  const made = element("a", "", content);
  made.href = href;
  return made;
}
