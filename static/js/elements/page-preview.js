/** A page of the shop in a frame, as wide as a phone or a large screen, scaled to the room that there is. `data-src` is
 *  its address, `data-title` its name; a button with `data-address` shows another address. It is fetched when the element
 *  comes into view. */
class PagePreview extends HTMLElement {
  #listening;
  #resizes;
  #width = 360;

  connectedCallback() {
    this.#listening = new AbortController();
    this.hidden = false;
    const frame = document.createElement("iframe");
    frame.title = this.dataset.title;
    frame.loading = "lazy";
    frame.src = this.dataset.src;
    this.#stage.replaceChildren(frame);
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.#choose(Number(button.dataset.width)), { signal: this.#listening.signal });
    }
    for (const button of this.#languages) {
      button.addEventListener("click", () => this.#say(button), { signal: this.#listening.signal });
    }
    this.#resizes = new ResizeObserver(() => this.#fit());
    this.#resizes.observe(this.#stage);
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#resizes.disconnect();
  }

  get #stage() {
    return this.querySelector("[data-stage]");
  }

  get #buttons() {
    return this.querySelectorAll("[data-width]");
  }

  get #languages() {
    return this.querySelectorAll("[data-address]");
  }

  #say(chosen) {
    for (const button of this.#languages) button.setAttribute("aria-pressed", String(button === chosen));
    this.#stage.firstElementChild.src = chosen.dataset.address;
  }

  #choose(width) {
    this.#width = width;
    for (const button of this.#buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.width) === width));
    this.#fit();
  }

  #fit() {
    const scale = Math.min(1, this.#stage.clientWidth / this.#width);
    const { style } = this.#stage.firstElementChild;
    style.inlineSize = `${this.#width}px`;
    style.blockSize = `${this.#stage.clientHeight / scale}px`;
    style.scale = String(scale);
  }
}

customElements.define("page-preview", PagePreview);
