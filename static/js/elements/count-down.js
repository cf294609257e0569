/** Counts down the seconds in its text and announces the end. Without JavaScript the text stays as it is. */
class CountDown extends HTMLElement {
  #ticking;

  connectedCallback() {
    const left = this.querySelector("[data-left]");
    const done = this.querySelector("[data-done]");
    const until = performance.now() + Number(this.getAttribute("seconds")) * 1000;
    this.#ticking = setInterval(() => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      if (seconds > 0) {
        left.textContent = this.#words(seconds);
        return;
      }
      clearInterval(this.#ticking);
      left.closest("p").hidden = true;
      done.textContent = this.dataset.over;
    }, 250);
  }

  /** The same words as on the page: minutes from two minutes on. */
  #words(seconds) {
    if (seconds >= 120) return this.dataset.minutes.replace("{number}", Math.ceil(seconds / 60));
    return seconds === 1 ? this.dataset.second : this.dataset.seconds.replace("{number}", seconds);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }
}

customElements.define("count-down", CountDown);
