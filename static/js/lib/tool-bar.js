/** A row of buttons as one stop of the Tab key: arrows move within it (ARIA Authoring Practices, toolbar). */
export class ToolBar {
  #bar;

  constructor(bar, signal) {
    this.#bar = bar;
    bar.addEventListener("keydown", (event) => this.#move(event), { signal });
    bar.addEventListener("focusin", (event) => this.#hold(event.target.closest("button")), { signal });
    // A press leaves the cursor in the text.
    bar.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    bar.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
    this.refresh();
  }

  /** The first button, or the one that had the focus last, is the stop. */
  refresh() {
    const buttons = this.#usable;
    if (!buttons.some((button) => button.tabIndex === 0)) this.#hold(buttons[0]);
  }

  focus() {
    this.#usable.find((button) => button.tabIndex === 0)?.focus();
  }

  get #usable() {
    return [...this.#bar.querySelectorAll("button")].filter((button) => !button.disabled && !button.closest("[hidden]"));
  }

  #hold(held) {
    if (held) for (const button of this.#bar.querySelectorAll("button")) button.tabIndex = button === held ? 0 : -1;
  }

  #move(event) {
    const buttons = this.#usable;
    const place = buttons.indexOf(event.target.closest("button"));
    const forward = getComputedStyle(this.#bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const targets = { [forward]: place + 1, [backward]: place - 1, Home: 0, End: buttons.length - 1 };
    if (!(event.key in targets)) return;
    event.preventDefault();
    buttons.at(targets[event.key] % buttons.length).focus();
  }
}
