/** Rows and columns of a table in the editor. Merged cells grow and shrink with what is added and removed. */

/** Returns a new table with a head, whose cells a cursor can enter. */
export function makeTable(rows, columns) {
  const table = document.createElement("table");
  for (let row = 0; row < rows; row += 1) {
    const part = row ? (table.tBodies[0] ?? table.createTBody()) : table.createTHead();
    const line = part.insertRow();
    for (let column = 0; column < columns; column += 1) line.append(makeCell(row ? "td" : "th"));
  }
  return table;
}

/** Adds a row below the one of a cell; returns the cell to go on in. */
export function addRow(cell) {
  const { table, grid, row } = locate(cell);
  const below = Math.min(row + cell.rowSpan, grid.length) - 1;
  const part = table.rows[below].closest("thead") ? (table.tBodies[0] ?? table.createTBody()) : null;
  const line = document.createElement("tr");
  if (part) part.prepend(line);
  else table.rows[below].after(line);
  const crossing = new Set();
  for (const [column, above] of grid[below].entries()) {
    if (above && above === grid[below + 1]?.[column]) crossing.add(above);
    else line.append(makeCell("td"));
  }
  for (const one of crossing) one.rowSpan += 1;
  return line.cells[0] ?? cell;
}

/** Adds a column after the one of a cell; returns the cell to go on in. */
export function addColumn(cell) {
  const { grid, row, column } = locate(cell);
  const last = column + cell.colSpan - 1;
  let next = cell;
  const done = new Set();
  for (const [number, cells] of grid.entries()) {
    const one = cells[last];
    if (!one || done.has(one)) continue;
    done.add(one);
    if (one === cells[last + 1]) {
      one.colSpan += 1;
      continue;
    }
    const fresh = makeCell(one.localName);
    if (one.rowSpan > 1) fresh.rowSpan = one.rowSpan;
    one.after(fresh);
    if (number === row) next = fresh;
  }
  return next;
}

/** Removes the row of a cell, or the table with its last row; returns where to go on, or null. */
export function removeRow(cell) {
  const { table, grid, row } = locate(cell);
  if (table.rows.length === 1) return removeTable(cell);
  for (const one of new Set(grid[row])) {
    if (!one || one.rowSpan === 1 || !table.rows[row + 1]) continue;
    one.rowSpan -= 1;
    const beganHere = !grid[row - 1]?.includes(one);
    if (beganHere) insertAt(table.rows[row + 1], grid[row + 1], grid[row].lastIndexOf(one), one);
  }
  const line = table.rows[row];
  const next = (table.rows[row + 1] ?? table.rows[row - 1]).cells[0];
  const part = line.parentElement;
  line.remove();
  if (!part.rows.length) part.remove();
  return next;
}

/** Removes the column of a cell, or the table with its last column; returns where to go on, or null. */
export function removeColumn(cell) {
  const { grid, row, column } = locate(cell);
  if (grid.every((cells) => new Set(cells).size <= 1)) return removeTable(cell);
  for (const one of new Set(grid.map((cells) => cells[column]).filter(Boolean))) {
    if (one.colSpan > 1) one.colSpan -= 1;
    else one.remove();
  }
  return grid[row][column + 1] ?? grid[row][column - 1] ?? null;
}

export function removeTable(cell) {
  cell.closest("table").remove();
  return null;
}

function makeCell(name) {
  const cell = document.createElement(name);
  cell.append(document.createElement("br"));
  return cell;
}

/** Returns the table of a cell, which cell stands in each row and column, and where this one begins. */
function locate(cell) {
  const table = cell.closest("table");
  const grid = [...table.rows].map(() => []);
  for (const [row, line] of [...table.rows].entries()) {
    for (const one of line.cells) {
      let column = 0;
      while (grid[row][column]) column += 1;
      for (let down = row; down < Math.min(row + one.rowSpan, grid.length); down += 1) {
        for (let right = column; right < column + one.colSpan; right += 1) grid[down][right] = one;
      }
    }
  }
  const row = grid.findIndex((cells) => cells.includes(cell));
  return { table, grid, row, column: grid[row].indexOf(cell) };
}

function insertAt(line, cells, column, cell) {
  const before = cells.slice(column + 1).find((one) => one?.parentElement === line);
  line.insertBefore(cell, before ?? null);
}
