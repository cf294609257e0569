/** Follows a link to a variant by replacing the product section of the page. On any error the browser follows the link
 *  itself. */
class VariantPicker extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    this.addEventListener("click", (event) => this.#choose(event), { signal: this.#listening.signal });
    for (const list of this.querySelectorAll(".variant-picker__values--many")) {
      const chosen = list.querySelector("[aria-current]");
      if (chosen) list.scrollTop = chosen.offsetTop - list.clientHeight / 2;
    }
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  async #choose(event) {
    const link = event.target.closest("a[href]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const product = this.closest("#product");
    product.classList.add("product--waiting");
    try {
      const url = new URL(link.href);
      url.hash = "";
      const page = await this.#page(url);
      const fresh = page.getElementById("product");
      const value = link.firstElementChild.textContent;
      const option = link.closest("section").id;
      product.replaceWith(fresh);
      history.replaceState(history.state, "", url);
      document.title = page.title;
      this.#refocus(fresh, option, value);
    } catch {
      location.assign(link.href);
    }
  }

  async #page(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  /** Keeps the keyboard focus on the chosen value. */
  #refocus(fresh, option, value) {
    const choices = fresh.querySelectorAll(`#${option} .choice`);
    const chosen = [...choices].find((choice) => choice.firstElementChild.textContent === value);
    chosen?.focus({ preventScroll: true });
  }
}

customElements.define("variant-picker", VariantPicker);
