/** Fills in who is signed in and how much is in the basket. Asks only if this browser has a basket or an account. */
class ShopperLinks extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("cart-changed", (event) => this.#count(event.detail), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#ask(), { signal });
    // Another tab may have changed the basket, or signed out.
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask(), { signal });
    this.#ask();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  async #ask() {
    if (!/(^|;\s*)shopper=1/.test(document.cookie)) return;
    try {
      const answer = await fetch("/me", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const me = await answer.json();
      this.#count(me.cart_quantity);
      this.querySelector(".shopper-links__name").textContent = (me.signed_in && me.name) || "Account";
    } catch {
      // The links work without it.
    }
  }

  #count(quantity) {
    const place = this.querySelector(".shopper-links__count");
    place.hidden = !quantity;
    place.textContent = quantity ? `(${quantity})` : "";
  }
}

customElements.define("shopper-links", ShopperLinks);
