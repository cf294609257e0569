/** Sends scans without loading the page, in their order, and keeps them in the browser until the server has them.
 *  A refused scan sounds and shows why. Without JavaScript the forms send themselves. */
const RETRY = 3000; // milliseconds

class StockScanner extends HTMLElement {
  #listening;
  #timer;
  #isSending = false;
  #place = `stock-scans:${location.pathname}`;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("submit", (event) => this.#submit(event), { signal });
    window.addEventListener("online", () => this.#send(), { signal });
    this.#focus();
    this.#send(); // what an earlier visit has left
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#timer);
  }

  get #queue() {
    return JSON.parse(localStorage.getItem(this.#place) ?? "[]");
  }

  set #queue(scans) {
    localStorage.setItem(this.#place, JSON.stringify(scans));
    this.querySelector("[data-queue]").textContent = scans.length > 1 ? `${this.dataset.waiting} ${scans.length}` : "";
  }

  #submit(event) {
    if (!event.target.matches("[data-scan]")) return;
    event.preventDefault();
    const data = new FormData(event.target);
    data.set("key", `${Date.now()}-${Math.random().toString(36).slice(2)}`); // a repetition counts once
    this.#queue = [...this.#queue, { url: event.target.action, body: new URLSearchParams(data).toString() }];
    // Until the answer is there, a number would belong to the variant before.
    this.querySelector("[data-quantity]")?.remove();
    this.querySelector("[name=typed]").value = "";
    this.querySelector("[name=typed]").focus();
    this.#send();
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    clearTimeout(this.#timer);
    try {
      while (this.#queue.length) {
        const [{ url, body }] = this.#queue;
        const answer = await fetch(url, { method: "POST", body: new URLSearchParams(body) });
        if (new URL(answer.url).pathname.includes("/account/")) throw new Error(this.dataset.signedOut);
        if (answer.status === 429 || answer.status >= 500) throw new Error(this.dataset.offline);
        this.#queue = this.#queue.slice(1);
        this.#show(new DOMParser().parseFromString(await answer.text(), "text/html"));
        if (!answer.ok) this.#sound();
      }
    } catch (error) {
      this.#say(error instanceof TypeError ? this.dataset.offline : error.message);
      this.#timer = setTimeout(() => this.#send(), RETRY);
    }
    this.#isSending = false;
  }

  #show(page) {
    const fresh = page.querySelector("stock-scanner");
    if (!fresh) return this.#say(page.querySelector("main")?.textContent.trim() ?? "");
    if (this.#queue.length || this.querySelector("[name=typed]")?.value) {
      // Somebody is scanning the next one: the field stays.
      for (const part of ["[data-problem]", "section"]) this.querySelector(part)?.replaceWith(fresh.querySelector(part));
      return;
    }
    this.replaceChildren(...document.adoptNode(fresh).childNodes);
    this.#focus();
  }

  #focus() {
    this.querySelector("[data-field]")?.focus();
  }

  #say(text) {
    const place = this.querySelector("[data-problem]");
    place.hidden = false;
    place.textContent = text;
  }

  #sound() {
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio, { type: "square", frequency: 220 });
    tone.connect(new GainNode(audio, { gain: 0.2 })).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
    tone.onended = () => audio.close();
  }
}

customElements.define("stock-scanner", StockScanner);
