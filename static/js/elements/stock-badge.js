/** Updates the badge that the server rendered. A badge with a `sku` shows one variant; one without shows the whole
 *  product, whose band is the best band of its variants. The higher version is the newer state. */
import { addBadge, removeBadge } from "../lib/stock-connection.js";
import { readTexts } from "../lib/stock-delayed.js";

const texts = readTexts();

class StockBadge extends HTMLElement {
  #version = 0;
  #variants = new Map();

  connectedCallback() {
    this.#version = Number(this.getAttribute("version") ?? 0);
    addBadge(this);
  }

  disconnectedCallback() {
    removeBadge(this);
  }

  get productId() {
    return Number(this.getAttribute("product-id"));
  }

  receive(item) {
    if (item.product_id !== this.productId) return;
    const sku = this.getAttribute("sku");
    if (sku === null) return this.#receiveVariant(item);
    if (item.sku !== sku || item.version <= this.#version) return;
    this.#version = item.version;
    this.setAttribute("version", item.version);
    this.#show(item.band, item.left);
    document.dispatchEvent(new CustomEvent("stock-changed", { detail: { sku, buyable: this.#buyable(item.band) } }));
  }

  #receiveVariant(item) {
    const before = this.#variants.get(item.sku);
    if (before && before.version >= item.version) return;
    this.#variants.set(item.sku, item);
    const bands = [...this.#variants.values()].map((variant) => variant.band);
    this.#show(["in", "low", "out"].find((band) => bands.includes(band)), null);
  }

  #buyable(band) {
    return band !== "out" || this.hasAttribute("backorder");
  }

  #show(band, left) {
    const order = band === "out" && this.hasAttribute("backorder");
    const few = left === null ? texts.lowStock : texts.fewLeft.replace("{number}", left);
    const many = left === null ? texts.inStock : texts.numberInStock.replace("{number}", left);
    const text = { in: many, low: few, out: order ? texts.toOrder : texts.soldOut }[band];
    const before = [...this.classList].find((name) => name.startsWith("stock-badge--"));
    const after = `stock-badge--${order ? "order" : band}`;
    if (text !== this.textContent) this.textContent = text;
    if (before === after) return;
    this.classList.replace(before, after);
    this.closest(".card")?.classList.toggle("card--out", !this.#buyable(band));
    if (this.hasAttribute("sku")) announce(text);
  }
}

/** Announces a change of the band to screen readers, politely. */
function announce(text) {
  let place = document.getElementById("stock-announcer");
  if (!place) {
    place = Object.assign(document.createElement("p"), { id: "stock-announcer", className: "visually-hidden" });
    place.setAttribute("aria-live", "polite");
    document.body.append(place);
  }
  if (place.textContent !== text) place.textContent = text; // the page may have two badges of a variant
}

customElements.define("stock-badge", StockBadge);
