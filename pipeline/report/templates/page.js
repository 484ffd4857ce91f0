"use strict";
// Sorting and filtering: without this script every table is still whole.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  if (rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => addSort(table, body, head, column));
  if (rows.length > 12) addFilter(table, rows);
}

function addSort(table, body, head, column) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    body.append(...[...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], sign)));
  });
}

// Cells without a value stand last in either direction.
function compare(a, b, sign) {
  const [x, y] = [a.dataset.sort, b.dataset.sort];
  if (x === "" || y === "") return (x === "") - (y === "");
  const [p, q] = [Number(x), Number(y)];
  if (!Number.isNaN(p) && !Number.isNaN(q)) return sign * (p - q);
  return sign * x.localeCompare(y);
}

function addFilter(table, rows) {
  const label = document.createElement("label");
  label.className = "filter";
  label.textContent = "Show rows with";
  const input = document.createElement("input");
  input.type = "search";
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  });
  label.append(input);
  table.closest(".scroll").before(label);
}
