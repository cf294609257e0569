/** Follows variants whose stock a page prints in sentences (`data-variants`: their products, SKUs and versions). When one
 *  changes, the page shows its parts (`data-part`) as the server has them now: <basket-form> does so in the basket. */
import { replaceParts } from "../lib/basket-lines.js";
import { addBadge, removeBadge } from "../lib/stock-connection.js";

const PAUSE = 200; // milliseconds: an order changes several variants at once
const SPREAD = 1500; // milliseconds: open pages do not all ask in the same moment
/** The versions that the page was loaded again for, once each. */
const known = new Map();

class StockWatch extends HTMLElement {
  #variants = new Map();
  #waiting;

  connectedCallback() {
    for (const variant of JSON.parse(this.dataset.variants)) this.#variants.set(variant.sku, variant);
    addBadge(this);
  }

  disconnectedCallback() {
    removeBadge(this);
    clearTimeout(this.#waiting);
  }

  get productIds() {
    return [...this.#variants.values()].map((variant) => variant.product_id);
  }

  receive({ sku, version }) {
    const variant = this.#variants.get(sku);
    if (!variant || version <= Math.max(variant.version, known.get(sku) ?? 0)) return;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#refresh(), PAUSE + Math.random() * SPREAD);
    variant.next = version;
  }

  async #refresh() {
    for (const { sku, next } of this.#variants.values()) if (next) known.set(sku, next);
    const basket = this.closest("basket-form");
    if (basket) return basket.refresh();
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      replaceParts(document.querySelector("main"), page.querySelector("main"));
    } catch {
      // The page says what was true when it was loaded; the server checks again.
    }
  }
}

customElements.define("stock-watch", StockWatch);
