/** Counts the seconds down that its text names, and says when they are over. Without it the text stands as it is. */
class CountDown extends HTMLElement {
  #ticking;

  connectedCallback() {
    const left = this.querySelector("[data-left]");
    const done = this.querySelector("[data-done]");
    const until = performance.now() + Number(this.getAttribute("seconds")) * 1000;
    this.#ticking = setInterval(() => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      if (seconds > 0) {
        left.textContent = this.#said(seconds);
        return;
      }
      clearInterval(this.#ticking);
      left.closest("p").hidden = true;
      done.textContent = "You can go on now.";
    }, 250);
  }

  /** As the page itself says it: nobody counts further than two minutes. */
  #said(seconds) {
    if (seconds >= 120) return `${Math.ceil(seconds / 60)} minutes`;
    return seconds === 1 ? "1 second" : `${seconds} seconds`;
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }
}

customElements.define("count-down", CountDown);
