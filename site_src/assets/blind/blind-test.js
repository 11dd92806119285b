// <blind-test>: choose a test, listen and answer, see the result. Only the session's private fields
// know which version is which: the page, its requests and their order never depend on it.

import { openContext } from "../player/context.js";
import { Engine } from "../player/engine.js";
import { Tracks } from "../player/tracks.js";
import { linear } from "../player/wording.js";
import { _ } from "../text.js";
import { Transport } from "./transport.js";
import { button, element, part } from "./elements.js";
import { SAID, certainty } from "./reading.js";
import { claims, day, decode, encode, label } from "./result.js";
import { showResult } from "./result-view.js";
import { Session, TESTS } from "./abx-session.js";

/** The names of the versions in error messages; they must not reveal which one it is. */
const ONE = _("One version");
const OTHER = _("The other version");

const QUESTIONS = {
  abx: _("Which one is X? If you hear no difference, guess."),
  preference: _("Which one do you prefer?"),
};

class BlindTest extends HTMLElement {
  #pairs = [];
  #transport;
  /** @type {Session | null} */
  #session = null;
  /** The last pair, and its decoded versions. */
  #kept = { pair: null, tracks: null };
  #leaving = new AbortController();

  connectedCallback() {
    this.#pairs = [...this.#part("render").options].filter(({ value }) => value).map(pair);
    this.#transport = new Transport(this.#part("transport"));
    this.#transport.onheard = (name) => (this.#part("heard").textContent = name);
    this.#transport.oncomplete = () => this.#allow();
    this.#part("setup").addEventListener("submit", (event) => this.#start(event));
    this.#part("setup").addEventListener("change", () => this.#describe());
    this.#part("trial").addEventListener("keydown", (event) => this.#transport.key(event));
    this.#part("stop").addEventListener("click", () => this.#leave());
    this.#part("again").addEventListener("click", () => this.#leave());
    for (const name of ["text", "link"]) {
      this.#part(`copy-${name}`).addEventListener("click", () => this.#copy(name));
    }
    addEventListener("hashchange", () => this.#follow());
    this.#describe();
    this.#show("setup");
    this.#follow();
  }

  #part(name) {
    return part(this, name);
  }

  #show(name) {
    for (const one of ["setup", "trial", "result"]) this.#part(one).hidden = one !== name;
    this.#part("intro").hidden = name === "trial";
  }

  get #chosen() {
    const { test, count } = Object.fromEntries(new FormData(this.#part("setup")));
    return { test, count: Number(count), render: this.#part("render").selectedOptions[0] };
  }

  /** Show what the chosen number of trials can tell, and the size of the download. */
  #describe() {
    const { test, count, render } = this.#chosen;
    const said = certainty(test, count).map((words) => element("li", "", words));
    this.#part("enough").replaceChildren(...said);
    this.#part("fetch").textContent = render.dataset.fetch;
  }

  #start(event) {
    event.preventDefault();
    const { test, count, render } = this.#chosen;
    const heard = render.value ? this.#pairs.filter(({ id }) => id === render.value) : this.#pairs;
    this.#session = new Session(test, count, heard);
    this.#part("progress").max = count;
    this.#show("trial");
    this.#next();
  }

  /** Show the current trial. */
  async #next() {
    const session = this.#session;
    const { names, answers } = TESTS[session.test];
    const pair = session.item;
    this.#transport.close();
    this.#transport.show(names, pair === this.#kept.pair);
    this.#part("number").textContent = _("Trial {number} of {count}", {
      number: session.number,
      count: session.count,
    });
    this.#part("progress").value = session.number - 1;
    this.#part("path").textContent = pair.path;
    this.#part("question").textContent = QUESTIONS[session.test];
    this.#part("choices").replaceChildren(
      ...answers.map((one) => button(SAID[session.test][one], () => this.#answer(one))),
    );
    this.#part("answers").disabled = true;
    this.#part("number").focus();
    await this.#load(session, pair, names);
  }

  async #load(session, pair, names) {
    this.#part("retry").hidden = true;
    this.#say(_("Fetching both versions…"));
    const context = openContext(Math.max(...this.#pairs.map(({ rate }) => rate)));
    if (pair !== this.#kept.pair) {
      const { head, base } = pair;
      this.#kept = { pair, tracks: new Tracks(context, { [ONE]: head, [OTHER]: base }) };
    }
    const { tracks } = this.#kept;
    const { signal } = this.#leaving;
    try {
      // Always load both in the same order; nothing can be played until both are loaded.
      const loading = [ONE, OTHER].map((name) => tracks.load(name, 0, signal));
      const [head, base] = (await Promise.all(loading)).map(({ buffer }) => buffer);
      if (signal.aborted) return;
      const duration = Math.min(head.duration, base.duration);
      const engine = new Engine(context, duration);
      const versions = session.arrange(
        { buffer: head, gain: linear(pair.headGain) },
        { buffer: base, gain: linear(pair.baseGain) },
      );
      this.#transport.open(engine, duration, versions);
      this.#say(_("Listen to {names}, then answer.", { names: list(names) }));
    } catch (error) {
      if (signal.aborted) return;
      this.#say(error.message);
      this.#part("retry").hidden = false;
      this.#part("retry").onclick = () => {
        this.#part("number").focus();
        this.#load(session, pair, names);
      };
    }
  }

  #allow() {
    this.#part("answers").disabled = false;
    this.#say(_("Listen as long as you like, then answer."));
  }

  #answer(choice) {
    const session = this.#session;
    session.answer(choice);
    if (!session.done) {
      this.#next();
      return;
    }
    const trials = session.trials();
    const ids = trials.map(({ item }) => item.id);
    const result = {
      test: session.test,
      answers: session.outcome(),
      first: trials.map(({ first }) => first).join(""),
      x: trials.map(({ x }) => x).join(""),
      renders: ids,
      head: label(this.dataset.head),
      base: label(this.dataset.base),
      on: day(new Date()),
    };
    this.#end();
    history.replaceState(null, "", encode(result));
    this.#tell(result);
  }

  /** Show the result in the page's URL, if there is one. */
  #follow() {
    if (!claims(location.hash)) return;
    this.#end();
    try {
      this.#tell(decode(location.hash));
    } catch (error) {
      this.#show("setup");
      this.#part("refusal").textContent = error.message;
      this.#part("refusal").hidden = false;
    }
  }

  #tell(result) {
    const same = ["head", "base"].every((key) => result[key] === label(this.dataset[key]));
    // A render that this page does not play has only its id.
    const known = new Map(this.#pairs.map(({ id, path }) => [id, path]));
    const paths = result.renders.map((id) => known.get(id) ?? id);
    const { head, base } = result;
    const others = _(
      "This result compares {head} with {base}: not the two that this page plays.",
      { head, base },
    );
    const link = location.href.split("#")[0] + encode(result);
    this.#part("refusal").hidden = true;
    this.#part("copied").textContent = "";
    const { headTitle, baseTitle } = this.dataset;
    const titles = { head: headTitle, base: baseTitle };
    showResult(this.#part("result"), result, paths, link, same ? "" : others, titles);
    this.#show("result");
    this.#part("result-heading").focus();
  }

  /** Discard the session, and go back to the choice of a test. */
  #leave() {
    this.#end();
    history.replaceState(null, "", location.pathname + location.search);
    this.#show("setup");
    this.#part("start").focus();
  }

  #end() {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#transport.close();
    this.#session = null;
    this.#kept = { pair: null, tracks: null };
  }

  async #copy(name) {
    const field = this.#part(name);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      this.#part("copied").textContent = name === "text" ? _("The text is copied.") : _("The link is copied.");
    } catch {
      // There is no clipboard without a secure connection, so the text is only selected.
      this.#part("copied").textContent = name === "text"
          ? _("The text is selected: copy it from there.")
          : _("The link is selected: copy it from there.");
    }
  }

  #say(words) {
    this.#part("status").textContent = words;
  }
}

function pair({ value, dataset }) {
  return {
    id: value,
    path: dataset.path,
    rate: Number(dataset.rate),
    head: dataset.head,
    base: dataset.base,
    headGain: Number(dataset.headGain),
    baseGain: Number(dataset.baseGain),
  };
}

function list(names) {
  return _("{first} and {last}", { first: names.slice(0, -1).join(", "), last: names.at(-1) });
}

customElements.define("blind-test", BlindTest);
