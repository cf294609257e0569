/** Adds the viewed product to a cookie and shows the products viewed before. The cookie holds product ids only; the
 *  server reads it when it renders the shelf. */
class RecentlyViewed extends HTMLElement {
  static #MOST = 8;
  static #LIFE = 30 * 24 * 3600; // seconds
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    this.addEventListener("submit", (event) => this.#forget(event), { signal: this.#listening.signal });
    const product = this.getAttribute("product");
    const before = (this.#read(this.dataset.cookie) || this.#read("recent")).split(".").filter(Boolean);
    const others = before.filter((id) => id !== product);
    this.#note([product, ...others].slice(0, RecentlyViewed.#MOST), RecentlyViewed.#LIFE);
    if (others.length) this.#show(product);
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  async #show(product) {
    try {
      const answer = await fetch(`${this.dataset.shelf}?without=${encodeURIComponent(product)}`);
      if (answer.ok) this.innerHTML = await answer.text();
    } catch {
      // The page works without the shelf.
    }
  }

  #forget(event) {
    event.preventDefault();
    this.#note([], 0);
    this.replaceChildren();
    document.querySelector("main").focus({ preventScroll: true });
  }

  #note(ids, life) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const { cookie, path } = this.dataset;
    document.cookie = `${cookie}=${ids.join(".")}; Path=${path}; Max-Age=${life}; SameSite=Lax${secure}`;
    // The name that an earlier version of the shop gave it.
    if (cookie !== "recent") document.cookie = `recent=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  }

  #read(name) {
    const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`)) ?? "";
    return /^[\d.]+$/.exec(found.slice(name.length + 1))?.[0] ?? "";
  }
}

customElements.define("recently-viewed", RecentlyViewed);
