import { fillCells, findNeighbour, stepOf } from "../lib/grid-cells.js";

/** Adds to a table of inputs what a sheet can: arrow keys and Enter move, a pasted table fills cells, Ctrl+Z takes back
 *  what a paste or a leaving of a cell changed, and cells that are not saved are marked. The inputs are the form itself. */
class EditGrid extends HTMLElement {
  #listening;
  #edits = []; // each a list of [input, the value before]
  #before = ""; // the value that the focused input had when it got the focus
  #isSent = false;

  connectedCallback() {
    this.#listening = new AbortController();
    const options = { signal: this.#listening.signal };
    this.addEventListener("focusin", ({ target }) => { this.#before = target.value; }, options);
    this.addEventListener("input", ({ target }) => this.#mark(target), options);
    this.addEventListener("change", ({ target }) => this.#remember([[target, this.#before]]), options);
    this.addEventListener("keydown", (event) => this.#press(event), options);
    this.addEventListener("paste", (event) => this.#paste(event), options);
    this.addEventListener("submit", () => { this.#isSent = true; }, options);
    this.#undoButton?.addEventListener("click", () => this.#undo(), options);
    addEventListener("beforeunload", (event) => this.#warn(event), options);
    addEventListener("pageshow", () => { this.#isSent = false; this.#markAll(); }, options);
    this.#markAll();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #inputs() {
    return this.querySelectorAll("[data-seen]");
  }

  get #undoButton() {
    return this.querySelector("[data-undo]");
  }

  #markAll() {
    for (const input of this.#inputs) this.#markOne(input);
    this.#count();
  }

  #mark(input) {
    if (!input.matches("[data-seen]")) return;
    this.#markOne(input);
    this.#count();
  }

  #markOne(input) {
    input.closest("td").toggleAttribute("data-changed", input.value !== input.dataset.seen);
  }

  #count(more = "") {
    const number = this.querySelectorAll("td[data-changed]").length;
    const text = number === 1 ? this.dataset.oneChanged : this.dataset.manyChanged.replace("{number}", number);
    const output = this.querySelector("output");
    if (output) output.value = [number ? text : "", more].filter(Boolean).join(" · ");
  }

  #remember(edit) {
    const changed = edit.filter(([input, before]) => input.matches("[data-seen]") && input.value !== before);
    if (!changed.length) return;
    this.#edits.push(changed);
    this.#undoButton.hidden = false;
    if (document.activeElement?.closest("edit-grid") === this) this.#before = document.activeElement.value;
  }

  #undo() {
    const edit = this.#edits.pop() ?? [];
    for (const [input, before] of edit) {
      input.value = before;
      this.#markOne(input);
    }
    edit[0]?.[0].focus();
    if (edit.length) this.#before = edit[0][0].value;
    this.#undoButton.hidden = !this.#edits.length;
    this.#count();
  }

  #press(event) {
    const input = event.target;
    if (!input.matches("[data-seen]") || event.isComposing || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
      if (input.value !== this.#before) return; // the browser takes back what is being typed
      event.preventDefault();
      return this.#undo();
    }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && input.value !== this.#before) {
      input.value = this.#before;
      return this.#mark(input);
    }
    const step = stepOf(event, input);
    if (!step) return;
    event.preventDefault();
    findNeighbour(input, ...step)?.focus();
    if (document.activeElement.matches("input")) document.activeElement.select();
  }

  #paste(event) {
    const input = event.target;
    const text = event.clipboardData.getData("text/plain");
    if (!input.matches("[data-seen]")) return;
    if (input.matches("input") && !/[\t\r\n]/.test(text.replace(/[\r\n]+$/, ""))) return; // the browser pastes one value
    event.preventDefault();
    const { edit, left, number, fitting } = fillCells(input, text, this.#before);
    for (const [target] of edit) this.#markOne(target);
    this.#remember(edit);
    const cut = fitting < number ? this.dataset.rowsLeft.replace("{fitting}", fitting).replace("{number}", number) : "";
    this.#count([left ? this.dataset.leftOut.replace("{number}", left) : "", cut].filter(Boolean).join(" · "));
  }

  #warn(event) {
    if (!this.#isSent && (this.hasAttribute("data-carried") || this.querySelector("td[data-changed]"))) event.preventDefault();
  }
}

customElements.define("edit-grid", EditGrid);
