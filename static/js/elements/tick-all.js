/** Adds a box that ticks all boxes of its form, and says how many are ticked. Its texts are data-label and data-count. */
class TickAll extends HTMLElement {
  #listening;
  #box;
  #count;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#box = Object.assign(document.createElement("input"), { type: "checkbox" });
    this.#count = document.createElement("output");
    const label = document.createElement("label");
    label.append(this.#box, ` ${this.dataset.label} `);
    this.replaceChildren(label, this.#count);
    this.hidden = false;
    this.#box.addEventListener("change", () => this.#tickAll(), { signal });
    this.closest("form").addEventListener("change", () => this.#update(), { signal });
    window.addEventListener("pageshow", () => this.#update(), { signal });
    this.#update();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #boxes() {
    return [...this.closest("form").querySelectorAll('input[name="id"]')];
  }

  #tickAll() {
    for (const box of this.#boxes) box.checked = this.#box.checked;
  }

  #update() {
    const boxes = this.#boxes;
    const ticked = boxes.filter((box) => box.checked).length;
    this.#box.checked = ticked > 0 && ticked === boxes.length;
    this.#box.indeterminate = ticked > 0 && ticked < boxes.length;
    this.#count.value = ticked ? this.dataset.count.replace("{number}", ticked) : "";
  }
}

customElements.define("tick-all", TickAll);
