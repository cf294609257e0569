/** Fills in who is signed in and how much is in the basket, and tells this shop's other tabs. Asks only if this browser
 *  has a basket or an account. */
class ShopperLinks extends HTMLElement {
  #listening;
  #tabs;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("cart-changed", (event) => this.#tell({ quantity: event.detail }), { signal });
    // A page that goes on listening is not kept for the way back.
    window.addEventListener("pagehide", () => this.#tabs.close(), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#begin(), { signal });
    this.#begin();
  }

  #begin() {
    this.#tabs = new BroadcastChannel("shopper");
    this.#tabs.onmessage = (event) => this.#show(event.data);
    this.#ask();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#tabs.close();
  }

  async #ask() {
    if (!/(^|;\s*)shopper=1/.test(document.cookie)) return;
    try {
      const answer = await fetch("/me", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const me = await answer.json();
      this.#tell({ quantity: me.cart_quantity, name: (me.signed_in && me.name) || this.dataset.account });
    } catch {
      // The links work without it.
    }
  }

  #tell(news) {
    this.#show(news);
    this.#tabs.postMessage(news);
  }

  #show({ quantity, name }) {
    const place = this.querySelector(".shopper-links__count");
    place.hidden = !quantity;
    place.textContent = quantity ? `(${quantity})` : "";
    if (name) this.querySelector(".shopper-links__name").textContent = name;
  }
}

customElements.define("shopper-links", ShopperLinks);
