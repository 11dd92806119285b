// Asks for the reviewer's name, once, in the page; it can be changed.

import { part } from "../blind/elements.js";
import { keepFocus } from "./focus.js";
import { visible } from "./wording.js";

export class Reviewer {
  #root;
  #store;
  #known = () => {};

  /**
   * @param {HTMLElement} root
   * @param {import("./store.js").ReviewStore} store
   */
  constructor(root, store) {
    this.#root = root;
    this.#store = store;
    const form = part(root, "name-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (part(root, "name").value.trim()) this.#keep(part(root, "name").value);
    });
    form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close());
    part(root, "rename").addEventListener("click", () => this.ask());
    this.show();
  }

  /** Show the name, if there is one. */
  show() {
    const { reviewer } = this.#store.review;
    part(this.#root, "reviewer").hidden = reviewer === "";
    part(this.#root, "reviewer-name").textContent = visible(reviewer);
  }

  /** Whether the name is being asked for. */
  get asking() {
    return !part(this.#root, "name-form").hidden;
  }

  /** Move the focus to the field of the name. */
  focus() {
    part(this.#root, "name").focus();
  }

  /**
   * Ask for the name, and move the focus there.
   *
   * @param {() => void} [known]  Called with the name known, or refused.
   */
  ask(known) {
    const giveBack = keepFocus();
    this.#known = () => {
      giveBack();
      known?.();
    };
    part(this.#root, "name").value = this.#store.review.reviewer;
    part(this.#root, "name-form").hidden = false;
    this.focus();
  }

  #keep(name) {
    this.#store.rename(name);
    this.#close();
  }

  #close() {
    part(this.#root, "name-form").hidden = true;
    this.show();
    this.#known();
    this.#known = () => {};
  }
}
