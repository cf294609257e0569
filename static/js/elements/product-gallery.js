/** Marks the thumbnail of the visible picture. A click on a thumbnail scrolls the pictures but not the page. The link
 *  on a picture becomes a button that shows the widest rendition in a dialog. */
class ProductGallery extends HTMLElement {
  #listening;
  #watching;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    for (const link of this.querySelectorAll(".gallery__zoom")) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-haspopup", "dialog");
    }
    this.addEventListener("click", (event) => this.#zoom(event), { signal });
    this.addEventListener("keydown", (event) => this.#press(event), { signal });
    const strip = this.querySelector("ul[tabindex]");
    if (strip) this.#follow(strip, signal);
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#watching?.disconnect();
  }

  #follow(strip, signal) {
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

  /** A button is pressed with the space bar, too, which a link is not. */
  #press(event) {
    const link = event.target.closest(".gallery__zoom");
    if (event.key !== " " || !link) return;
    event.preventDefault();
    link.click();
  }

  #zoom(event) {
    const link = event.target.closest(".gallery__zoom");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    const small = link.parentElement.querySelector("img");
    const large = Object.assign(new Image(), { src: link.href, alt: small.alt, className: "zoom__picture" });
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: this.dataset.close });
    close.className = "button zoom__close";
    const dialog = Object.assign(document.createElement("dialog"), { className: "zoom" });
    dialog.setAttribute("aria-label", small.alt);
    dialog.append(close, large);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    this.append(dialog);
    dialog.showModal();
    const centre = () => dialog.scrollTo((dialog.scrollWidth - dialog.clientWidth) / 2, (dialog.scrollHeight - dialog.clientHeight) / 2);
    centre(); // before the picture has come, so that it does not move sideways
    large.addEventListener("load", centre, { once: true });
  }
}

customElements.define("product-gallery", ProductGallery);
