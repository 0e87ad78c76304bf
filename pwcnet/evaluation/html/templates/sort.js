"use strict";
(function () {
  const collator = new Intl.Collator(undefined, {numeric: true});

  function valueOf(cell) {
    return cell.tagName === "TH" ? cell.textContent : cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  }

  function compare(a, b) {
    return typeof a === "string" ? collator.compare(a, b) : a - b;
  }

  function sort(table, headings, column) {
    const direction = headings[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = Array.from(table.tBodies[0].rows, row => ({row: row, value: valueOf(row.cells[column])}));
    rows.sort((a, b) => (a.value === null || b.value === null)
      ? (a.value === null) - (b.value === null)
      : direction * compare(a.value, b.value));
    table.tBodies[0].append(...rows.map(entry => entry.row));
    headings.forEach(heading => heading.removeAttribute("aria-sort"));
    headings[column].setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = Array.from(table.tHead.rows[0].cells);
    headings.forEach((heading, column) => heading.addEventListener("click", event => {
      if (event.target.closest("button")) {
        sort(table, headings, column);
      }
    }));
  }
})();
