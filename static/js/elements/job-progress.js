/** Renews the part of a page that says how far a job is (`src`), and the whole page when the job has ended.
 *  Without JavaScript the page has a link that loads it again. */
const INTERVAL = 2000; // milliseconds
const LATER = 10000; // after a request that failed

class JobProgress extends HTMLElement {
  #timer;

  connectedCallback() {
    if (this.#isRunning) this.#wait(INTERVAL);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  get #isRunning() {
    return this.querySelector("[data-running]") !== null;
  }

  #wait(pause) {
    this.#timer = setTimeout(() => this.#renew(), pause);
  }

  async #renew() {
    if (document.hidden) return this.#wait(INTERVAL);
    try {
      const answer = await fetch(this.getAttribute("src"));
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      this.innerHTML = await answer.text();
    } catch {
      return this.#wait(LATER);
    }
    if (this.#isRunning) return this.#wait(INTERVAL);
    return location.reload();
  }
}

customElements.define("job-progress", JobProgress);
