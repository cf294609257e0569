/** Closes the panel of a <details> on Escape, on a click elsewhere, and when the keyboard leaves it. */
class PopMenu extends HTMLElement {
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("keydown", (event) => this.#escape(event), { signal });
    this.addEventListener("focusout", (event) => this.#left(event.relatedTarget), { signal });
    document.addEventListener("pointerdown", (event) => this.#left(event.target), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #details() {
    return this.querySelector("details");
  }

  #escape(event) {
    if (event.key !== "Escape" || !this.#details.open) return;
    this.#details.open = false;
    this.querySelector("summary").focus();
  }

  #left(target) {
    if (target instanceof Node && !this.contains(target)) this.#details.open = false;
  }
}

customElements.define("pop-menu", PopMenu);
