/** Keeps an open page of the back office true: when the stream says that a part of the shop has changed (`data-versions`:
 *  what the page was made from), the page's parts (`data-part`) are shown as the server has them now. */
import { replaceOfficeParts } from "../lib/office-parts.js";

const STREAM = new URL("../../../admin/stream", import.meta.url); // the shop may be below a path
const PAUSE = 1000; // milliseconds between two looks at the page
const SILENCE = 45_000;
const AGAIN = 5_000;

class OfficeLive extends HTMLElement {
  #versions = {};
  #source = null;
  #timers = {};
  #stale = false;
  #ended = new AbortController();

  connectedCallback() {
    this.#versions = JSON.parse(this.dataset.versions);
    const { signal } = (this.#ended = new AbortController());
    document.addEventListener("visibilitychange", () => this.#follow(), { signal });
    addEventListener("pagehide", () => this.#close(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#follow(), { signal });
    this.#follow();
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#close();
  }

  #follow() {
    if (document.visibilityState === "hidden" || this.#source) return this.#stale && this.#lookSoon();
    this.#source = new EventSource(STREAM);
    for (const type of ["snapshot", "office", "heartbeat"]) {
      this.#source.addEventListener(type, (event) => this.#receive(type, JSON.parse(event.data)));
    }
    this.#source.addEventListener("error", () => this.#fail());
    this.#watchSilence();
  }

  #receive(type, data) {
    this.#watchSilence();
    const items = type === "snapshot" ? data.items : type === "office" ? [data] : [];
    for (const { part, version } of items) {
      if (!(part in this.#versions) || version <= this.#versions[part]) continue;
      this.#versions[part] = version;
      this.#stale = true;
    }
    if (this.#stale) this.#lookSoon();
  }

  #lookSoon() {
    if (document.visibilityState !== "hidden") this.#timers.look ??= setTimeout(() => this.#look(), PAUSE * Math.random());
  }

  async #look() {
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
      this.#timers.look = undefined;
      if (this.#stale && this.#source) this.#lookSoon();
    }, PAUSE);
  }

  /** Reconnects if nothing arrives for a while, not even heartbeats: then the connection is dead. */
  #watchSilence() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => this.#reopen(), SILENCE);
  }

  #reopen() {
    this.#close();
    this.#follow();
  }

  /** The browser reconnects by itself, unless it has given up: the server was away, or the sign-in has ended. */
  #fail() {
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#timers.again);
    this.#timers.again = setTimeout(() => this.#askAgain(), AGAIN * (0.5 + Math.random()));
  }

  /** Opens another stream if this person still may. */
  async #askAgain() {
    try {
      const answer = await fetch(location.href, { method: "HEAD" });
      if (answer.redirected || answer.status === 404) return this.#leave();
      this.#reopen();
    } catch {
      this.#fail();
    }
  }

  /** This person may not see the page any more: its place has the page to sign in, or none. */
  #leave() {
    this.#close();
    location.reload();
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    for (const timer of ["silence", "again"]) clearTimeout(this.#timers[timer]);
  }
}

customElements.define("office-live", OfficeLive);
