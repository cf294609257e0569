/** Shows the shopper's name and the number of items in the basket, and tells the shop's other tabs. It asks the server
 *  only if this browser has a basket or an account. */
class ShopperLinks extends HTMLElement {
  #listening;
  #tabs;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("cart-changed", (event) => this.#tell({ quantity: event.detail }), { signal });
    // An open channel keeps the page out of the back/forward cache.
    window.addEventListener("pagehide", () => this.#tabs.close(), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.#begin(), { signal });
    this.#begin();
  }

  #begin() {
    this.#tabs = new BroadcastChannel(this.dataset.cookie);
    this.#tabs.onmessage = (event) => this.#show(event.data);
    this.#ask();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#tabs.close();
  }

  async #ask() {
    // "shopper" alone is the name that an earlier version of the shop gave it.
    if (![this.dataset.cookie, "shopper"].some((name) => document.cookie.split("; ").includes(`${name}=1`))) return;
    try {
      const answer = await fetch(this.dataset.me, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const me = await answer.json();
      this.#tell({ quantity: me.cart_quantity, name: (me.signed_in && me.name) || this.dataset.account });
      if (me.edit) (await import("../lib/edit-links.js")).offerEdit(me.edit);
    } catch {
      // The links work without the numbers.
    }
  }

  #tell(news) {
    this.#show(news);
    this.#tabs.postMessage(news);
  }

  #show({ quantity, name }) {
    const place = this.querySelector(".shopper-links__count");
    place.hidden = !quantity;
    place.textContent = quantity > 99 ? "99+" : quantity || "";
    if (name) this.querySelector(".shopper-links__name").textContent = name;
  }
}

customElements.define("shopper-links", ShopperLinks);

const [navigation] = performance.getEntriesByType("navigation");
if (navigation?.deliveryType === "navigational-prefetch") import("../lib/prefetched-page.js");
