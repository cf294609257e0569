/** Returns by how many rows and columns a key moves; undefined if it does something else. */
export function stepOf({ key, shiftKey }, input) {
  if (key === "Enter") return [shiftKey ? -1 : 1, 0];
  if (input.matches("select") || shiftKey) return undefined; // the keys choose, or select a text
  if (key === "ArrowDown") return [1, 0];
  if (key === "ArrowUp") return [-1, 0];
  const forward = key === (getComputedStyle(input.closest("table")).direction === "rtl" ? "ArrowLeft" : "ArrowRight");
  if (!forward && key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
  const { selectionStart: start, selectionEnd: end, value } = input;
  const isWhole = start === 0 && end === value.length;
  if (forward && (isWhole || (start === end && end === value.length))) return [0, 1];
  return !forward && (isWhole || (start === end && start === 0)) ? [0, -1] : undefined;
}

/** Returns the next input in that direction, past cells that have none. */
export function findNeighbour(input, down, right) {
  const cell = input.closest("td");
  const rows = [...cell.closest("tbody").rows];
  let [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
  for (;;) {
    [row, column] = [row + down, column + right];
    const next = rows[row]?.cells[column];
    if (!next) return null;
    const found = next.querySelector("[data-seen]");
    if (found) return found;
  }
}

/** Fills the cells from this input on with a copied table; returns what changed, as [input, the value before], and how
 *  many values had no place; or, if the table has too few rows, how many were pasted and how many of them have one.
 *  `before` is the value that the input had when it got the focus. */
export function fillCells(input, text, before) {
  const cell = input.closest("td");
  const rows = [...cell.closest("tbody").rows];
  const [top, first] = [rows.indexOf(cell.parentElement), cell.cellIndex];
  const edit = [];
  const sheet = readSheet(text);
  const fitting = Math.min(sheet.length, rows.length - top);
  let left = 0;
  for (const [down, values] of sheet.slice(0, fitting).entries()) {
    for (const [right, value] of values.entries()) {
      const target = rows[top + down]?.cells[first + right]?.querySelector("[data-seen]");
      const former = target?.value;
      if (target && fill(target, value)) edit.push([target, target === input ? before : former]);
      else if (value.trim()) left += 1;
    }
  }
  return { edit, left, number: sheet.length, fitting };
}

/** Sets the value of an input, or chooses the option with this value or text; returns whether it could. */
function fill(target, value) {
  const text = value.trim();
  const known = target.matches("select")
    ? [...target.options].find((option) => [option.value, option.text].some((name) => name.toLowerCase() === text.toLowerCase()))
    : { value: text };
  if (!known) return false;
  target.value = known.value;
  return true;
}

/** Returns the cells of a copied table. Sheets write a cell with a line end, a tab or a quotation mark in quotes. */
function readSheet(text) {
  const rows = [[]];
  const cells = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  const source = text.replace(/(?:\r\n|\r|\n)$/, "");
  for (;;) {
    const { 1: quoted, 2: plain, 3: end } = cells.exec(source);
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"').replace(/\s+/g, " "));
    if (!end) return rows;
    if (end !== "\t") rows.push([]);
  }
}
