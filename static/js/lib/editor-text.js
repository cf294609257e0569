/** The text of an editor: reads HTML into it, and writes what somebody has made of it. */
import Squire from "../vendor/squire-rte/squire.js";
import { clean, hideForEditor, parse } from "./clean-html.js";
import { writeHtml } from "./html-text.js";
import { makePlain } from "./pasted-html.js";

const UNDO = { documentSizeThreshold: 0, undoLimit: 100 }; // steps that are kept
const PLAIN_KEYS = ["Tab", "Shift-Tab", "PageUp", "PageDown", "Ctrl-d", "Meta-d"]; // do what browsers do

export class EditorText {
  #allowed;
  #isLoading = false;
  #stored = ""; // the text as it was loaded
  #shown = ""; // the same as the editor writes it

  constructor(surface, allowed) {
    this.#allowed = allowed;
    const options = { blockTag: "P", undo: UNDO, sanitizeToDOMFragment: (html) => this.#parse(html) };
    this.editor = new Squire(surface, options);
    for (const key of PLAIN_KEYS) this.editor.setKeyHandler(key, null);
    // A picture is chosen as text is; the library's handles would need styles that the page's policy forbids.
    surface.addEventListener("click", (event) => this.#choosePicture(event));
    for (const name of ["dragover", "drop"]) surface.addEventListener(name, keepPage);
  }

  load(html) {
    this.#stored = html;
    this.#isLoading = true;
    this.editor.setHTML(html);
    this.#isLoading = false;
    this.#shown = writeHtml(this.editor.getHTML(), this.#allowed);
  }

  /** Returns the text; to the letter what was loaded if it is still the same. */
  write() {
    const html = writeHtml(this.editor.getHTML(), this.#allowed);
    return html === this.#shown ? this.#stored : html;
  }

  /** Returns a loaded or pasted text as nodes that the editor may show. */
  #parse(html) {
    const { body } = parse(html);
    if (!this.#isLoading) makePlain(body);
    clean(body, this.#allowed);
    hideForEditor(body);
    const part = document.createDocumentFragment();
    part.append(...document.importNode(body, true).childNodes);
    return part;
  }

  #choosePicture(event) {
    if (!(event.target instanceof HTMLImageElement)) return;
    event.stopPropagation();
    const range = document.createRange();
    range.selectNode(event.target);
    this.editor.setSelection(range);
  }
}

/** A file that is dropped on a text would replace the page, and all that was typed. */
function keepPage(event) {
  const { types } = event.dataTransfer;
  if (types.includes("Files") && !types.includes("text/html") && !document.querySelector("file-drop")) event.preventDefault();
}

/** Gives the editor the name, the hint and the error of the textarea that it stands for. */
export function nameLike(surface, area, label) {
  label.id ||= `${area.id}-label`;
  surface.setAttribute("aria-labelledby", label.id);
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (area.hasAttribute(name)) surface.setAttribute(name, area.getAttribute(name));
  }
}
