/** Sends the form without leaving the page, shows the result beside the button that is in view, and updates the header.
 *  On any error the browser sends the form itself. */
class AddToCart extends HTMLElement {
  #listening;
  #pressed;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("submit", (event) => this.#send(event), { signal });
    document.addEventListener("stock-changed", (event) => this.#offer(event.detail), { signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#close(), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** Shows the button, or the text for a sold-out variant: here and in the bar. */
  #offer({ sku, buyable }) {
    if (sku !== this.getAttribute("sku")) return;
    for (const part of document.querySelectorAll("[data-offer]")) {
      part.hidden = (part.dataset.offer === "buy") !== buyable;
    }
  }

  async #send(event) {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter ?? form.querySelector("button");
    if (button.hasAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      const said = await answer.json();
      // The page asks the server whether the basket was kept, as it does without a script.
      if (answer.ok && !this.#keepsCookies) return location.assign(said.page);
      if (answer.ok) document.dispatchEvent(new CustomEvent("cart-changed", { detail: said.cart_quantity }));
      this.#pressed = button;
      this.#say(said.message ?? said.detail ?? said.title, answer.ok);
    } catch {
      form.submit();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  /** Whether the browser has kept the cookie that comes with a basket's. */
  get #keepsCookies() {
    const name = document.querySelector("shopper-links")?.dataset.cookie;
    return document.cookie.split("; ").includes(`${name}=1`);
  }

  /** The places for the result: one beside each button. CSS shows one of both. */
  get #places() {
    return [...document.querySelectorAll("#product [data-said], #buy-bar [data-said]")];
  }

  /** Screen readers announce the text (`role=status`). The focus stays on the button; the links are the next stops. */
  #say(message, worked) {
    for (const place of this.#places) {
      const text = Object.assign(document.createElement("p"), { textContent: message });
      place.replaceChildren(text);
      place.toggleAttribute("data-problem", !worked);
      if (!worked) continue;
      const link = Object.assign(document.createElement("a"), { href: this.dataset.cart, textContent: this.dataset.toCart });
      const goOn = Object.assign(document.createElement("button"), { type: "button", className: "quiet-button", textContent: this.dataset.goOn });
      goOn.addEventListener("click", () => this.#close());
      place.append(link, goOn);
    }
    for (const place of this.#places) if (place.offsetParent) place.scrollIntoView({ block: "nearest" });
  }

  /** Removes the result; the focus returns to the button that was pressed, if it was in the result. */
  #close() {
    const places = this.#places;
    const hadFocus = places.some((place) => place.contains(document.activeElement));
    for (const place of places) place.replaceChildren();
    if (hadFocus) this.#pressed?.focus();
  }
}

customElements.define("add-to-cart", AddToCart);
