/** An editor on a text of HTML: headings, bold, italic, lists, links, pictures, tables, and the HTML itself. The form
 *  sends the textarea, which changes only when somebody edits. Without JavaScript the textarea is the editor. */
import { COMMANDS, findAround, readState } from "../lib/editor-commands.js";
import { LinkDialog, PictureDialog } from "../lib/editor-dialogs.js";
import { EditorText, nameLike } from "../lib/editor-text.js";
import { ToolBar } from "../lib/tool-bar.js";

const DIALOGS = { link: LinkDialog, picture: PictureDialog };
const PAUSE = 200; // milliseconds without an edit, after which the textarea is written: a long text takes as long

class RichText extends HTMLElement {
  #area;
  #surface;
  #text;
  #editor;
  #tools;
  #dialogs = {};
  #listening;
  #waiting = 0;

  connectedCallback() {
    this.#listening = new AbortController();
    this.#area = this.querySelector("textarea");
    const isActive = this.#area.autofocus || document.activeElement === this.#area;
    this.#area.before(this.querySelector("template").content.cloneNode(true));
    this.#surface = this.querySelector("[data-surface]");
    nameLike(this.#surface, this.#area, this.querySelector("label"));
    this.#text = new EditorText(this.#surface, JSON.parse(this.dataset.allowed));
    this.#editor = this.#text.editor;
    this.#tools = new ToolBar(this.querySelector('[role="toolbar"]'), this.#listening.signal);
    for (const dialog of this.querySelectorAll("dialog")) {
      this.#dialogs[dialog.dataset.dialog] = new DIALOGS[dialog.dataset.dialog](this.#editor, dialog);
    }
    this.#listen();
    this.#show(true);
    if (isActive) this.#editor.focus();
  }

  disconnectedCallback() {
    this.#write();
    this.#listening.abort();
    this.#show(false);
    this.#editor.destroy();
    for (const dialog of Object.values(this.#dialogs)) dialog.remove();
    for (const part of this.querySelectorAll("[data-part]")) part.remove();
  }

  #listen() {
    const { signal } = this.#listening;
    const editor = this.#editor;
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do), { signal });
    this.querySelector("label").addEventListener("click", () => this.#area.hidden && editor.focus(), { signal });
    for (const key of ["Ctrl-k", "Meta-k"]) editor.setKeyHandler(key, (_, event) => this.#openLink(event));
    editor.setKeyHandler("Alt-F10", () => this.#tools.focus());
    editor.addEventListener("input", () => this.#writeSoon());
    this.#area.form.addEventListener("submit", () => this.#write(), { signal, capture: true });
    this.addEventListener("focusout", () => this.#write(), { signal });
    for (const name of ["pathChange", "select", "cursor"]) editor.addEventListener(name, () => this.#refresh());
    editor.addEventListener("undoStateChange", ({ detail }) => this.#refresh(detail));
  }

  /** Shows the text as it will look, or its HTML. Links to the field lead to the one that is shown. */
  #show(isRich) {
    this.#write();
    const [area, surface] = [this.#area, this.#surface];
    if (area.hidden !== isRich) [area.id, surface.id] = [surface.id || `${area.id}-html`, area.id];
    [area.hidden, surface.hidden] = [isRich, !isRich];
    this.querySelector("label").htmlFor = isRich ? "" : area.id;
    if (isRich) this.#text.load(area.value);
    for (const button of this.querySelectorAll("[data-do]")) {
      if (button.dataset.do === "html") button.ariaPressed = String(!isRich);
      else button.disabled = !isRich;
    }
    if (isRich) this.#refresh({ canUndo: false, canRedo: false });
  }

  #writeSoon() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#write(), PAUSE);
    this.#refresh();
  }

  #write() {
    const isDue = this.#waiting && this.#area.hidden;
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    const html = isDue ? this.#text.write() : this.#area.value;
    if (html === this.#area.value) return;
    this.#area.value = html;
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #do(command) {
    if (command === "html") this.#show(!this.#area.hidden);
    else if (command in this.#dialogs) this.#dialogs[command].open();
    else if (command) COMMANDS[command](this.#editor);
  }

  #openLink(event) {
    event.preventDefault();
    this.#dialogs.link.open();
  }

  /** Shows which of the buttons hold at the cursor. */
  #refresh({ canUndo, canRedo } = {}) {
    this.querySelector("[data-table-tools]").hidden = !findAround(this.#editor, "table");
    for (const button of this.querySelectorAll("[data-do]")) {
      const state = readState(this.#editor, button.dataset.do);
      if (state !== null) button.ariaPressed = String(state);
      if (button.dataset.do === "undo" && canUndo !== undefined) button.disabled = !canUndo;
      if (button.dataset.do === "redo" && canRedo !== undefined) button.disabled = !canRedo;
    }
    this.#tools.refresh();
  }
}

customElements.define("rich-text", RichText);
