/** Follows a link to a variant by replacing the product section of the page. On any error the browser follows the link
 *  itself. Values of which nothing can be bought are struck through as stock changes: a value's link leads to the first
 *  of its variants (`data-variants`, the nearest first) that can be bought, else to the first. */
import { addBadge, removeBadge } from "../lib/stock-connection.js";

class VariantPicker extends HTMLElement {
  #listening;
  #choices = new Map();

  connectedCallback() {
    this.#listening = new AbortController();
    for (const link of this.querySelectorAll("a[data-variants]")) {
      this.#choices.set(link, JSON.parse(link.dataset.variants));
    }
    addBadge(this);
    this.addEventListener("click", (event) => this.#choose(event), { signal: this.#listening.signal });
    for (const list of this.querySelectorAll(".variant-picker__values--many")) {
      const chosen = list.querySelector("[aria-current]");
      if (chosen) list.scrollTop = chosen.offsetTop - list.clientHeight / 2;
    }
  }

  disconnectedCallback() {
    this.#listening.abort();
    removeBadge(this);
  }

  get productId() {
    return Number(this.getAttribute("product-id"));
  }

  /** Receives the state of a variant from the stream. */
  receive(item) {
    if (item.product_id !== this.productId) return;
    for (const [link, variants] of this.#choices) {
      const variant = variants.find(({ sku }) => sku === item.sku);
      if (!variant || variant.version >= item.version) continue;
      variant.version = item.version;
      variant.buyable = item.band !== "out" || variant.backorder;
      this.#mark(link, variants);
    }
  }

  #mark(link, variants) {
    const target = variants.find(({ buyable }) => buyable) ?? variants[0];
    const url = new URL(link.href);
    url.searchParams.set("variant", target.sku);
    link.href = url;
    if (link.classList.toggle("choice--out", !target.buyable) === (link.childElementCount > 1)) return;
    if (target.buyable) return link.lastElementChild.remove();
    const note = Object.assign(document.createElement("span"), { className: "visually-hidden" });
    note.textContent = this.dataset.soldOut;
    link.append(note);
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
      const [fresh, bar] = ["product", "buy-bar"].map((id) => document.adoptNode(page.getElementById(id)));
      const value = link.firstElementChild.textContent;
      const option = link.closest("section").id;
      product.replaceWith(fresh);
      document.getElementById("buy-bar").replaceWith(bar);
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
