const URL_OF_STREAM = new URL("../../../admin/stream", import.meta.url); // the shop may be below a path
const SILENCE = 45_000; // milliseconds without an event, not even a heartbeat: then the connection is dead
const AGAIN = 5_000;

/** The stream of the back office. It opens again while the person may see the page, and says when they no longer may. */
export class OfficeStream {
  #source = null;
  #timers = {};
  #receive;
  #leave;

  /** @param {(type: string, data: object) => void} receive @param {() => void} leave */
  constructor(receive, leave) {
    this.#receive = receive;
    this.#leave = leave;
  }

  get isOpen() {
    return this.#source !== null;
  }

  open() {
    if (this.#source) return;
    this.#source = new EventSource(URL_OF_STREAM);
    for (const type of ["snapshot", "office", "heartbeat"]) {
      this.#source.addEventListener(type, (event) => {
        this.#watchSilence();
        this.#receive(type, JSON.parse(event.data));
      });
    }
    this.#source.addEventListener("error", () => this.#fail());
    this.#watchSilence();
  }

  close() {
    this.#source?.close();
    this.#source = null;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  #watchSilence() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => this.#reopen(), SILENCE);
  }

  #reopen() {
    this.close();
    this.open();
  }

  /** The browser reconnects by itself, unless it has given up: the server was away, or the sign-in has ended. */
  #fail() {
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#timers.again);
    this.#timers.again = setTimeout(() => this.#askAgain(), AGAIN * (0.5 + Math.random()));
  }

  async #askAgain() {
    try {
      const answer = await fetch(location.href, { method: "HEAD" });
      if (answer.redirected || answer.status === 404) this.#leave();
      else this.#reopen();
    } catch {
      this.#fail();
    }
  }
}
