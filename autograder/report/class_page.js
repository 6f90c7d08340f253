// The table of students: sort, search, filter. Without this script the page shows all of it.
"use strict";

const table = document.getElementById("students");
const rows = [...table.tBodies[0].rows];
const search = document.getElementById("search");
const state = document.getElementById("state");
const count = document.getElementById("count");
document.getElementById("tools").hidden = false;

/** What a row is sorted by: a number if the cell has one, else its text. */
function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.v);
}

/** Sort by a column; the same column again turns the order round. */
function sort(head) {
  const column = head.cellIndex;
  const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
  const order = rows.map((row) => [key(row, column), row]);
  order.sort(([a], [b]) => down * (a < b ? -1 : a > b ? 1 : 0));
  table.tBodies[0].append(...order.map(([, row]) => row));
}

/** Show the rows that have all words of the search and the chosen state. */
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.cells[0].textContent.toLowerCase() + " " + row.dataset.made;
    const fits = words.every((word) => text.includes(word));
    row.hidden = !(fits && (!state.value || row.dataset.state.split(" ").includes(state.value)));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} shown`;
}

/** Unfold whatever the address points into. */
function unfold() {
  let part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let up = part; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  part?.scrollIntoView({ block: "center" });
}

for (const head of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  button.addEventListener("click", () => sort(head));
  head.append(button);
}
search.addEventListener("input", filter);
state.addEventListener("change", filter);
addEventListener("hashchange", unfold);
filter();
unfold();
