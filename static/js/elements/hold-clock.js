/** Counts down how long the goods are held, and names the hour as this browser's clock shows it: what is left is the
 *  server's word (`left`, in seconds), as the clock of this machine may be wrong. Speaks up once, when it is over.
 *  Without it the text stands as it is. */
class HoldClock extends HTMLElement {
  #ticking;

  connectedCallback() {
    const time = this.querySelector("time");
    const until = new Date(Date.now() + 1000 * this.getAttribute("left"));
    time.textContent = until.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    const tick = () => this.#show(until - Date.now());
    tick();
    this.#ticking = setInterval(tick, 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  #show(left) {
    const place = this.querySelector("[data-left]");
    if (left > 0) {
      const seconds = Math.ceil(left / 1000);
      place.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
      return;
    }
    clearInterval(this.#ticking);
    this.classList.add("hold--past");
    this.setAttribute("role", "status");
    this.querySelector("p").textContent =
      "It is no longer held for you. As long as nobody was quicker, you can still order it.";
  }
}

customElements.define("hold-clock", HoldClock);
