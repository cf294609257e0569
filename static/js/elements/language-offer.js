/** Offers the front page in the language that the visitor has chosen, if the page is in another one. Public pages are the
 *  same for everybody, so only this script reads the cookie. */
class LanguageOffer extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    // A page that comes back was left to choose a language.
    window.addEventListener("pageshow", () => this.#offer(), { signal: this.#listening.signal });
    this.#offer();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  #offer() {
    const beginning = `${this.dataset.cookie}=`;
    const chosen = document.cookie.split("; ").find((each) => each.startsWith(beginning))?.slice(beginning.length);
    const links = [...this.querySelectorAll("a")];
    for (const link of links) link.hidden = link.lang !== chosen;
    this.hidden = links.every((link) => link.hidden);
  }
}

customElements.define("language-offer", LanguageOffer);
