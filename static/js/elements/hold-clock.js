/** Counts down how long the goods are held and shows the end in this browser's time zone. The server says how many
 *  seconds are left (`left`), because the clock of this machine may be wrong. Announces the end once.
 *  Without JavaScript the text stays as the server wrote it. */
class HoldClock extends HTMLElement {
  #ticking;
  #until;

  connectedCallback() {
    const until = new Date(Date.now() + 1000 * this.getAttribute("left"));
    // As the reader writes it, but never in another language than the page.
    const [page, reader] = [document.documentElement.lang, navigator.language];
    const locale = page.split("-")[0] === reader.split("-")[0] ? reader : page;
    this.#until = until.toLocaleTimeString(locale || [], { timeStyle: "short" });
    const tick = () => this.#show(until - Date.now());
    tick();
    this.#ticking = setInterval(tick, 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  #show(left) {
    const place = this.querySelector("p");
    if (left > 0) {
      const seconds = Math.ceil(left / 1000);
      const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      place.textContent = this.dataset.until.replace("{until}", this.#until).replace("{time}", time);
      return;
    }
    clearInterval(this.#ticking);
    this.classList.add("hold--past");
    this.setAttribute("role", "status");
    place.textContent = this.dataset.past;
  }
}

customElements.define("hold-clock", HoldClock);
