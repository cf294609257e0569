/** Marks the thumbnail of the visible picture. A click on a thumbnail scrolls the pictures but not the page. */
class ProductGallery extends HTMLElement {
  #listening;
  #watching;

  connectedCallback() {
    const strip = this.querySelector("ul[tabindex]");
    if (!strip) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const frames = [...strip.children];
    const links = [...this.querySelectorAll("a[href^='#picture-']")];

    const mark = (frame) => {
      for (const [place, link] of links.entries()) {
        if (frames[place] === frame) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    this.#watching = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => mark(entry.target)),
      { root: strip, threshold: 0.6 },
    );
    frames.forEach((frame) => this.#watching.observe(frame));

    for (const [place, link] of links.entries()) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        // scrollIntoView would scroll the page as well.
        strip.scrollTo({ left: frames[place].offsetLeft });
      }, { signal });
    }
  }

  disconnectedCallback() {
    this.#listening?.abort();
    this.#watching?.disconnect();
  }
}

customElements.define("product-gallery", ProductGallery);
