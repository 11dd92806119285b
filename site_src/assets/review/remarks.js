// The reader's own remarks on a render: made at the playhead, listed, changed and withdrawn.

import { button, element, part } from "../blind/elements.js";
import { clock } from "../player/wording.js";
import { _ } from "../text.js";
import { keepFocus } from "./focus.js";
import { TRACKS } from "./review-file.js";
import { isolated, standing, TRACK_NAMES } from "./wording.js";

/** @typedef {import("./review-file.js").Remark} Remark */

export class Remarks {
  #root;
  #player;
  #store;
  #output;
  #perform;
  /** The remark in the field. */
  #open = null;
  /** Gives the focus back to where it was before the field was opened. */
  #giveBack = () => {};
  /** The remark that was withdrawn last. */
  #withdrawn = null;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} player
   * @param {import("./store.js").ReviewStore} store
   * @param {import("./store.js").Output} output
   * @param {(act: () => string) => void} perform  Does something, and announces what it returns,
   *   or why it was not done.
   */
  constructor(root, player, store, output, perform) {
    [this.#root, this.#player, this.#store] = [root, player, store];
    [this.#output, this.#perform] = [output, perform];
    const [form, field] = [this.#part("remark-form"), this.#part("remark-text")];
    const keep = () => this.#typed && this.#perform(() => this.keepOpen());
    this.#part("remark").addEventListener("click", () => this.make());
    this.#part("cancel").addEventListener("click", () => this.#close());
    this.#part("undo").addEventListener("click", () => this.#undo());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keep();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    player.addEventListener("ab-time", () => this.#follow());
    this.#follow();
  }

  /** The remarks on this output, by time. */
  get all() {
    return standing(this.#store.entry(this.#output));
  }

  /** Open the field for a remark at the playhead. The player may go on meanwhile. */
  make() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#edit({ id, text: "", ...this.#here() });
  }

  /**
   * Keep the remark in the field, if it has a text.
   *
   * @returns {string} That it is kept, or nothing.
   * @throws {Error} with a sentence for the reader, if it cannot be kept; then it stays open.
   */
  keepOpen() {
    const text = this.#typed;
    if (!text) return "";
    const remark = { ...this.#open, text };
    if (text !== this.#open.text) this.#put(remark);
    this.#close();
    return _("Remark at {spot} kept", { spot: spot(remark) });
  }

  /** List the remarks. */
  show() {
    const items = this.all.map((remark, index) =>
      element(
        "li",
        "",
        this.#place(remark, index + 1),
        element("span", "st-remark-text", isolated(remark.text)),
        element(
          "span",
          "st-actions",
          named(button(_("Edit"), () => this.#edit(remark)), remark),
          named(button(_("Remove"), () => this.#withdraw(remark)), remark),
        ),
      ),
    );
    this.#part("remarks").replaceChildren(...items);
  }

  #part(name) {
    return part(this.#root, name);
  }

  #here() {
    const track = this.#player.querySelector("input[name=ab-track]:checked").value;
    const at = Math.round(1000 * this.#player.position) / 1000;
    // A stage or another build's clean is compared with clean, so a remark there is about clean.
    return { at, track: TRACKS.includes(track) ? track : "clean" };
  }

  /** Say on the button where a remark would be. */
  #follow() {
    const text = _("Remark at {spot}", { spot: spot(this.#here()) });
    if (this.#part("remark-spot").textContent !== text) this.#part("remark-spot").textContent = text;
  }

  /** The text in the field; empty if it is closed. */
  get #typed() {
    return this.#open ? this.#part("remark-text").value.trim() : "";
  }

  #edit(remark) {
    if (this.#typed) this.#perform(() => this.keepOpen());
    if (this.#typed) return; // it could not be kept
    if (!this.#open) this.#giveBack = keepFocus(this.#part("remark"));
    this.#open = remark;
    this.#part("remark-label").textContent = _("Remark at {spot}", { spot: spot(remark) });
    this.#part("remark-text").value = remark.text;
    this.#part("remark-form").hidden = false;
    this.#part("remark").hidden = true;
    this.#part("remark-text").focus();
  }

  #close() {
    const form = this.#part("remark-form");
    const { activeElement, body } = document;
    // A decision closes the field too; its button has the focus, and keeps it.
    const elsewhere = activeElement !== body && !form.contains(activeElement);
    form.hidden = true;
    this.#part("remark").hidden = false;
    this.#open = null;
    if (!elsewhere) this.#giveBack();
  }

  #withdraw(remark) {
    this.#perform(() => {
      this.#put({ ...remark, text: "" });
      this.#withdrawn = remark;
      this.#part("undo").hidden = false;
      this.#part("undo").focus();
      return _("Remark at {spot} removed", { spot: spot(remark) });
    });
  }

  #undo() {
    const remark = this.#withdrawn;
    this.#perform(() => {
      this.#put(remark);
      this.#part("remark").focus();
      return _("Remark at {spot} is back", { spot: spot(remark) });
    });
  }

  #put(remark) {
    this.#part("undo").hidden = true;
    this.#store.remark(this.#output, remark);
  }

  #place(remark, number) {
    const place = button(clock(remark.at), () => this.#player.hear(remark.at, remark.track));
    place.className = "ab-place";
    const track = TRACK_NAMES[remark.track];
    place.prepend(hidden(_("Remark {number}: hear {track} at ", { number, track })));
    const named = element("span", "st-note", ` ${_("on {track}", { track })}`);
    const flag = element("b", "st-flag", String(number));
    flag.ariaHidden = "true";
    return element("span", "st-remark-place", flag, place, named);
  }
}

/** @returns {string} For example "0:07 on clean". */
export function spot({ at, track }) {
  return _("{time} on {track}", { time: clock(at), track: TRACK_NAMES[track] });
}

/** Say to a screen reader which remark a button is for. */
function named(made, remark) {
  made.append(hidden(` ${_("remark at {time}", { time: clock(remark.at) })}`));
  return made;
}

function hidden(text) {
  return element("span", "st-sr", text);
}
