// Sorts, filters and paginates the scorecard: by its headings, and where these have no place, on a
// phone, by a list. Without this script it is a plain table with the same
// content. It is not a module, because browsers refuse modules from a disk.
(() => {
  "use strict";

  // As in text.js, which is a module.
  const _ = (text, values = {}) =>
    (globalThis.stTexts?.[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  const language = document.documentElement.lang || "en";

  /** Rows on a page; scorecard.css hides the others while the page loads. */
  const ROWS = 50;

  /** The kinds of review that the rows can be filtered by. */
  const KINDS = {
    needs_work: _("needs work"),
    remarks: _("has remarks"),
    approved: _("approved"),
    undecided: _("without a decision"),
  };

  const table = document.querySelector("table[data-scorecard]");
  if (!table) return;

  const box = table.closest(".st-scroll");
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  /** Every row, in the order of the HTML. */
  const rows = [...body.rows];
  /** The folder of each row, and the column of the names, by which the rows are grouped. */
  const folders = new Map(rows.map((row) => [row, folderOf(row)]));
  const named = headings.findIndex((heading) => heading.matches(".st-name"));
  const foldered = new Set(folders.values()).size > 1;
  /** The text of each row for the filter, cached when first used. */
  const texts = new Map();
  const collator = new Intl.Collator(language, { numeric: true });

  /** The column that the rows are sorted by, or -1, and whether the largest value comes first. */
  let sorted = { column: -1, descending: false };
  /** Every row, in sorted order. */
  let ordered = rows;
  let page = 0;

  const filter = element("input", { type: "search" });
  const verdicts = element("select", {}, ...verdictOptions());
  const order = element("select", {}, ...orderOptions());
  const count = element("p", { class: "st-count", role: "status" });
  const pages = element("nav", { class: "st-pages", "aria-label": _("Pages of the scorecard") });
  // Only the table scrolls; the filter and the page buttons stay visible.
  box.before(
    element(
      "div",
      { class: "st-controls" },
      element("label", { class: "st-filter" }, _("Find a render"), filter),
      element("label", { class: "st-filter" }, _("Show"), verdicts),
      element("label", { class: "st-filter st-order" }, _("Order"), order),
    ),
  );
  box.after(element("div", { class: "st-paging" }, count, pages));

  for (const [column, heading] of headings.entries()) {
    if (heading.matches(".st-listen")) continue;
    const content = [...heading.childNodes];
    heading.append(element("button", { type: "button", class: "st-sort" }, ...content));
    heading.addEventListener("click", () => sort(column));
  }
  filter.addEventListener("input", () => show(0));
  verdicts.addEventListener("change", () => show(0));
  order.addEventListener("change", () => {
    const [column, descending] = JSON.parse(order.value);
    sortBy({ column, descending });
  });
  pages.addEventListener("click", turn);

  // Print every row, in the order on the screen: paper has no page buttons and shows no filter.
  addEventListener("beforeprint", () => body.replaceChildren(...ordered));
  addEventListener("afterprint", draw);
  draw();

  /**
   * Create an element.
   * @param {string} name
   * @param {Object<string, string>} attributes
   * @param {...(Node|string)} children
   * @returns {HTMLElement}
   */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** Sort by a column: ascending, then descending, then in the order of the HTML. */
  function sort(column) {
    const again = sorted.column === column;
    sortBy({
      column: again && sorted.descending ? -1 : column,
      descending: again && !sorted.descending,
    });
  }

  function sortBy(by) {
    sorted = by;
    order.value = JSON.stringify([by.column, by.descending]);
    ordered = sorted.column < 0 ? rows : inOrder(sorted);
    for (const [at, heading] of headings.entries()) {
      heading.removeAttribute("aria-sort");
      if (at !== sorted.column) continue;
      heading.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
    }
    show(0);
  }

  /**
   * Return all rows sorted by the values of a column, as numbers if it has numbers, else as text.
   * Rows without a value come last in both directions. Rows with equal values keep the order of
   * the HTML.
   * @param {{column: number, descending: boolean}} by
   * @returns {HTMLTableRowElement[]}
   */
  function inOrder({ column, descending }) {
    const sign = descending ? -1 : 1;
    const keyed = rows.map((row) => {
      const { dataset, textContent } = row.cells[column];
      return { row, value: dataset.order ?? textContent.trim(), isNumber: "order" in dataset };
    });
    keyed.sort((a, b) => {
      const apart = column === named && collator.compare(folders.get(a.row), folders.get(b.row));
      if (apart) return sign * apart;
      if (a.value === "" || b.value === "") return (a.value === "") - (b.value === "");
      return sign * (a.isNumber ? a.value - b.value : collator.compare(a.value, b.value));
    });
    return keyed.map(({ row }) => row);
  }

  /** Return the folder of a row's render with all its characters; empty if it has none. */
  function folderOf(row) {
    const folder = row.querySelector("th .st-dir");
    return folder ? folder.title || folder.textContent : "";
  }

  /** Put a heading before the first row of each folder. */
  function grouped(seen) {
    let last;
    return seen.flatMap((row) => {
      const folder = folders.get(row);
      if (folder === last) return [row];
      last = folder;
      // It may break at folders and underscores.
      const parts = (folder || _("(no folder)")).split(/(?<=[/_ -])/);
      const name = parts.flatMap((part) => [part, element("wbr", {})]);
      const cell = element("th", { colspan: headings.length, scope: "rowgroup" }, ...name);
      return [element("tr", { class: "st-folder" }, cell), row];
    });
  }

  /** Return the rows that contain every word of the filter, in any cells and any order. */
  function found() {
    const words = plain(filter.value).split(/\s+/);
    return ordered.filter(
      (row) =>
        isChosen(row) &&
        words.every((word) => textOf(row).includes(word)),
    );
  }

  /** Return whether a row has the verdict, or the kind of review, that is chosen. */
  function isChosen(row) {
    const [kind, value] = JSON.parse(verdicts.value);
    if (kind === "review") return kindsOf(row).includes(value);
    if (kind === "failed") return hasFailed(row);
    return kind === "all" || verdictOf(row) === value;
  }

  /** Return the kinds of review that a row has; see overview.py. */
  function kindsOf(row) {
    return row.querySelector("[data-kinds]")?.dataset.kinds.split(" ") ?? [];
  }

  function verdictOf(row) {
    return row.querySelector(".st-chip").textContent;
  }

  function hasFailed(row) {
    return row.querySelector("[data-failed]") !== null;
  }

  /** Return the choice of one verdict or kind of review, with the number of renders that have it. */
  function verdictOptions() {
    const counts = new Map();
    for (const row of rows) counts.set(verdictOf(row), (counts.get(verdictOf(row)) ?? 0) + 1);
    const option = (kind, value, text, number) =>
      element("option", { value: JSON.stringify([kind, value]) }, `${text} (${number})`);
    const reviews = Object.entries(KINDS).map(([kind, text]) => {
      const number = rows.filter((row) => kindsOf(row).includes(kind)).length;
      return number ? option("review", kind, text, number) : "";
    });
    const failed = rows.filter(hasFailed);
    const several = new Set(failed.map(verdictOf)).size > 1;
    return [
      option("all", "", _("all"), rows.length),
      several ? option("failed", "", _("all failed"), failed.length) : "",
      ...[...counts].map(([verdict, number]) => option("verdict", verdict, verdict, number)),
      ...reviews,
    ];
  }

  /** Return the choice of an order: that of the HTML, and by each column in both directions. */
  function orderOptions() {
    const option = (column, descending, text) =>
      element("option", { value: JSON.stringify([column, descending]) }, text);
    const choices = [option(-1, false, _("most attention first"))];
    for (const [column, heading] of headings.entries()) {
      if (heading.matches(".st-listen")) continue;
      const text = (heading.querySelector(".st-head") ?? heading).textContent.trim();
      const name = foldered && column === named ? _("Folder and name") : text;
      choices.push(option(column, false, `${name} ↑`), option(column, true, `${name} ↓`));
    }
    return choices;
  }

  /** Return the text of a row, without its play buttons. */
  function textOf(row) {
    if (!texts.has(row)) {
      const cells = [...row.cells].filter((cell) => !cell.matches(".st-listen"));
      const texted = [folders.get(row), ...cells.map((cell) => cell.textContent)];
      texts.set(row, plain(texted.join("\n")));
    }
    return texts.get(row);
  }

  /** Return the text in lower case and without accents. */
  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  /** Show a page. */
  function show(index) {
    page = index;
    draw();
  }

  /** Put the rows of the page into the table, and show which rows they are. */
  function draw() {
    const matching = found();
    const first = page * ROWS;
    const seen = matching.slice(first, first + ROWS);
    const byFolder = foldered && sorted.column === named;
    table.toggleAttribute("data-grouped", byFolder);
    body.replaceChildren(...(byFolder ? grouped(seen) : seen));
    const [from, to, of, all] = [first + 1, first + seen.length, matching.length, rows.length].map(
      (number) => number.toLocaleString(language),
    );
    const shown =
      of === all
        ? _("{from}–{to} of {of} renders", { from, to, of })
        : _("{from}–{to} of {of} renders (of {all})", { from, to, of, all });
    count.textContent = seen.length ? shown : _("No render matches.");
    const last = Math.ceil(matching.length / ROWS) - 1;
    pages.hidden = last < 1;
    pages.replaceChildren(
      pageButton("‹", _("Previous page"), page - 1, last),
      ...offered(last).map((index) =>
        index < 0 ? "…" : pageButton(`${index + 1}`, _("Page {number}", { number: index + 1 }), index, last),
      ),
      pageButton("›", _("Next page"), page + 1, last),
    );
  }

  function pageButton(text, label, index, last) {
    const button = element("button", { type: "button", "aria-label": label, value: index }, text);
    button.disabled = index < 0 || index > last;
    if (index === page) button.setAttribute("aria-current", "page");
    return button;
  }

  /**
   * Return the indices of the page buttons: the first, the last and those near the current page,
   * as many as fit on a phone. -1 stands for pages left out.
   * @param {number} last
   * @returns {number[]}
   */
  function offered(last) {
    if (last < 5) return Array.from({ length: last + 1 }, (_, index) => index);
    if (page < 3) return [0, 1, 2, -1, last];
    if (page > last - 3) return [0, -1, last - 2, last - 1, last];
    return [0, -1, page, -1, last];
  }

  /** Go to the chosen page, at its first row. Its button is created anew: the focus is set again. */
  function turn(event) {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    show(Number(pressed.value));
    const same = [...pages.children].find((button) => button.textContent === pressed.textContent);
    const focused = same.disabled ? pages.querySelector("[aria-current]") : same;
    focused.focus({ preventScroll: true });
    box.scrollIntoView();
  }
})();
