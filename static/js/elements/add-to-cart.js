/** Sends the form without leaving the page, shows the result and updates the header. On any error the browser sends
 *  the form itself. */
class AddToCart extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("submit", (event) => this.#send(event), { signal });
    document.addEventListener("stock-changed", (event) => this.#offer(event.detail), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** Shows the form, or the text for a sold-out variant. */
  #offer({ sku, buyable }) {
    if (sku !== this.getAttribute("sku")) return;
    this.querySelector("form").hidden = !buyable;
    this.querySelector(".add-to-cart__out").hidden = buyable;
  }

  async #send(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      const said = await answer.json();
      if (answer.ok) document.dispatchEvent(new CustomEvent("cart-changed", { detail: said.cart_quantity }));
      this.#say(said.message ?? said.detail ?? said.title, answer.ok);
    } catch {
      form.submit();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #say(message, worked) {
    const place = this.querySelector("[role=status]");
    place.textContent = `${message} `;
    place.toggleAttribute("data-problem", !worked);
    if (!worked) return;
    const link = document.createElement("a");
    link.href = this.dataset.cart;
    link.textContent = this.dataset.toCart;
    place.append(link);
  }
}

customElements.define("add-to-cart", AddToCart);
