/** An editor on a text of HTML: headings, bold, italic, lists, links, pictures, tables, and the HTML itself. The form
 *  sends the textarea, which changes only when somebody edits. Without JavaScript the textarea is the editor. */
import { COMMANDS, findAround, readState } from "../lib/editor-commands.js";
import { LinkDialog, PictureDialog } from "../lib/editor-dialogs.js";
import { EditorText } from "../lib/editor-text.js";
import { ToolBar } from "../lib/tool-bar.js";

const DIALOGS = { link: LinkDialog, picture: PictureDialog };
const LINK_KEYS = ["Ctrl-k", "Meta-k"];

class RichText extends HTMLElement {
  #area;
  #surface;
  #text;
  #editor;
  #tools;
  #dialogs = {};
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    this.#area = this.querySelector("textarea");
    const isActive = this.#area.autofocus || document.activeElement === this.#area;
    this.#area.before(this.querySelector("template").content.cloneNode(true));
    this.#surface = this.querySelector("[data-surface]");
    this.#nameSurface();
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
    this.#listening.abort();
    this.#show(false);
    this.#editor.destroy();
    for (const dialog of Object.values(this.#dialogs)) dialog.remove();
    for (const part of this.querySelectorAll("[data-part]")) part.remove();
  }

  #listen() {
    const { signal } = this.#listening;
    const editor = this.#editor;
    const bar = this.querySelector('[role="toolbar"]');
    bar.addEventListener("click", (event) => this.#do(event.target.closest("button")?.dataset.do), { signal });
    this.querySelector("label").addEventListener("click", () => this.#area.hidden && editor.focus(), { signal });
    for (const key of LINK_KEYS) editor.setKeyHandler(key, (_, event) => this.#openLink(event));
    editor.setKeyHandler("Alt-F10", () => this.#tools.focus());
    editor.addEventListener("input", () => this.#write());
    for (const name of ["pathChange", "select", "cursor"]) editor.addEventListener(name, () => this.#refresh());
    editor.addEventListener("undoStateChange", ({ detail }) => this.#refresh(detail));
  }

  #nameSurface() {
    const label = this.querySelector("label");
    label.id ||= `${this.#area.id}-label`;
    this.#surface.setAttribute("aria-labelledby", label.id);
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (this.#area.hasAttribute(name)) this.#surface.setAttribute(name, this.#area.getAttribute(name));
    }
  }

  /** Shows the text as it will look, or its HTML. Links to the field lead to the one that is shown. */
  #show(isRich) {
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

  #write() {
    this.#area.value = this.#text.write();
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
    this.#refresh();
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
