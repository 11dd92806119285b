// The scorecard sorts and filters. Without this script it is a plain table that reads the same.
(() => {
  "use strict";
  const ROWS = 50;
  const table = document.querySelector("table[data-scorecard]");
  if (!table || !window.DataTable) return;

  // Numbers, with cells that have no value last whichever way the column is sorted.
  const order = (sign) => (a, b) =>
    a === "" || b === "" ? (a === "") - (b === "") : sign * (a - b);
  DataTable.type("measured", { order: { asc: order(1), desc: order(-1) } });

  const box = table.closest(".st-scroll");
  const scorecard = new DataTable(table, {
    autoWidth: false,
    columnDefs: [
      { targets: "st-listen", orderable: false, searchable: false },
      { targets: "st-num", type: "measured" },
    ],
    language: {
      search: "Find a render",
      info: "_START_–_END_ of _TOTAL_ renders",
      infoEmpty: "No render",
      infoFiltered: "(of _MAX_)",
      zeroRecords: "No render matches.",
    },
    layout: { topStart: "search", topEnd: null, bottomStart: "info", bottomEnd: "paging" },
    order: [],
    pageLength: ROWS,
    paging: table.tBodies[0].rows.length > ROWS,
  });

  // The table alone scrolls; the filter and the pages stay in reach.
  const container = scorecard.table().container();
  box.before(container);
  container.querySelector(".dt-layout-table").append(box);
  box.append(table);

  // On paper there are no pages to turn to and no filter to see: every row is printed, in the
  // order that is on the screen.
  let view = null;
  addEventListener("beforeprint", () => {
    view = { filter: scorecard.search(), page: scorecard.page() };
    scorecard.search("").page.len(-1).draw();
  });
  addEventListener("afterprint", () => {
    scorecard.search(view.filter).page.len(ROWS).draw();
    scorecard.page(view.page).draw("page");
  });
})();
