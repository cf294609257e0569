/** Keeps an open page of the back office true: when the stream says that a part of the shop has changed (`data-versions`:
 *  what the page was made from), the page's parts (`data-part`) are shown as the server has them now. */
import { replaceOfficeParts } from "../lib/office-parts.js";
import { OfficeStream } from "../lib/office-stream.js";

const PAUSE = 1000; // milliseconds between two looks at the page

class OfficeLive extends HTMLElement {
  #versions = {};
  #stream = new OfficeStream((type, data) => this.#receive(type, data), () => this.#leave());
  #look = undefined;
  #stale = false;
  #ended = new AbortController();

  connectedCallback() {
    this.#versions = JSON.parse(this.dataset.versions);
    const { signal } = (this.#ended = new AbortController());
    document.addEventListener("visibilitychange", () => this.#follow(), { signal });
    addEventListener("pagehide", () => this.#stream.close(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#follow(), { signal });
    this.#follow();
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#stream.close();
  }

  #follow() {
    if (document.visibilityState !== "hidden") this.#stream.open();
    if (this.#stale) this.#lookSoon();
  }

  #receive(type, data) {
    const items = type === "snapshot" ? data.items : type === "office" ? [data] : [];
    for (const { part, version } of items) {
      if (!(part in this.#versions) || version <= this.#versions[part]) continue;
      this.#versions[part] = version;
      this.#stale = true;
    }
    if (this.#stale) this.#lookSoon();
  }

  #lookSoon() {
    if (document.visibilityState !== "hidden") this.#look ??= setTimeout(() => this.#showAnew(), PAUSE * Math.random());
  }

  async #showAnew() {
    this.#stale = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 404) return this.#leave();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && replaceOfficeParts(document.querySelector("main"), page.querySelector("main"))) this.textContent = this.dataset.said;
    } catch {
      this.#stale = true; // the next event, or the next look at the tab, tries again
    }
    setTimeout(() => {
      this.#look = undefined;
      if (this.#stale && this.#stream.isOpen) this.#lookSoon();
    }, PAUSE);
  }

  /** This person may not see the page any more: its place has the page to sign in, or none. */
  #leave() {
    this.#stream.close();
    location.reload();
  }
}

customElements.define("office-live", OfficeLive);
