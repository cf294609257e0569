/** What the buttons of the editor do with the text at the cursor, and which of them the text there has. */
import { rename } from "./clean-html.js";
import * as tables from "./table-edits.js";

const LINES = "p,h1,h2,h3,h4,h5,h6,div:not([data-was])";
const BLOCKS = "p,h1,h2,h3,h4,h5,h6,ul,ol,dl,table,blockquote,pre,div,figure";
const TABLE_EDITS = {
  "add-row": tables.addRow,
  "add-column": tables.addColumn,
  "remove-row": tables.removeRow,
  "remove-column": tables.removeColumn,
  "remove-table": tables.removeTable,
};

export const COMMANDS = {
  heading: (editor) => setLines(editor, "H2"),
  subheading: (editor) => setLines(editor, "H3"),
  bold: (editor) => (editor.hasFormat("B") ? editor.removeBold() : editor.bold()),
  italic: (editor) => (editor.hasFormat("I") ? editor.removeItalic() : editor.italic()),
  bullets: (editor) => (isWithin(editor, "UL") ? editor.removeList() : editor.makeUnorderedList()),
  numbers: (editor) => (isWithin(editor, "OL") ? editor.removeList() : editor.makeOrderedList()),
  undo: (editor) => editor.undo(),
  redo: (editor) => editor.redo(),
  table: insertTable,
  ...Object.fromEntries(Object.entries(TABLE_EDITS).map(([name, edit]) => [name, (editor) => editTable(editor, edit)])),
};

/** Returns whether the text at the cursor has what a button gives; null for a button that only acts. */
export function readState(editor, command) {
  const tag = { heading: "H2", subheading: "H3", bold: "B", italic: "I", bullets: "UL", numbers: "OL", link: "A" }[command];
  if (!tag) return null;
  return tag === "B" || tag === "I" ? editor.hasFormat(tag) : isWithin(editor, tag);
}

/** Returns the element with this name around the cursor, within the editor. */
export function findAround(editor, selector) {
  const { startContainer } = editor.getSelection();
  const node = startContainer instanceof Element ? startContainer : startContainer.parentElement;
  const found = node?.closest(selector);
  return found && editor.getRoot() !== found && editor.getRoot().contains(found) ? found : null;
}

/** Runs a change of the document as one step that "undo" takes back. */
export function change(editor, work) {
  editor.saveUndoState();
  work();
  const { endContainer } = editor.getSelection();
  (endContainer instanceof Element ? endContainer : endContainer.parentElement)?.scrollIntoView({ block: "nearest" });
  return editor.focus();
}

export function selectInside(editor, node) {
  const range = document.createRange();
  range.setStart(node, 0);
  range.collapse(true);
  editor.setSelection(range);
}

function isWithin(editor, tag) {
  return findAround(editor, tag.toLowerCase()) !== null;
}

/** Makes lines headings, or paragraphs again if they are headings of this kind. */
function setLines(editor, tag) {
  const wanted = isWithin(editor, tag) ? "P" : tag;
  editor.modifyBlocks((part) => {
    for (const line of part.querySelectorAll(LINES)) {
      if (!line.querySelector(BLOCKS) && !line.closest("li")) rename(line, wanted);
    }
    return part;
  });
  return editor.focus();
}

function insertTable(editor) {
  if (findAround(editor, "table")) return editor.focus();
  return change(editor, () => {
    const table = tables.makeTable(3, 3);
    editor.insertElement(table);
    selectInside(editor, table.rows[0].cells[0]);
  });
}

function editTable(editor, edit) {
  const cell = findAround(editor, "td,th");
  if (!cell) return editor.focus();
  return change(editor, () => {
    const table = cell.closest("table");
    const after = table.nextElementSibling ?? table.previousElementSibling;
    const next = edit(cell) ?? after;
    if (next?.isConnected) selectInside(editor, next);
    else editor.moveCursorToEnd();
  });
}
