/** Connections to /stock/stream for a set of products, MOST on each. They reconnect by themselves, with growing, random
 *  pauses. `onEvent(type, data)` receives the events "snapshot", "stock", "status" and "look". */
const STREAM = new URL("../../../stock/stream", import.meta.url); // the shop may be below a path
const SILENCE = 45_000;
const LONGEST = 60_000;
const MOST = 100;

export class StockStreams {
  #onEvent;
  #streams = [];

  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  /** Watches these products from now on. An empty list closes the connections. */
  watch(ids) {
    const wanted = [...new Set(ids)].sort((a, b) => a - b);
    while (this.#streams.length * MOST < wanted.length) this.#streams.push(new StockStream(this.#onEvent));
    for (const [place, stream] of this.#streams.entries()) stream.watch(wanted.slice(place * MOST, (place + 1) * MOST));
  }
}

class StockStream {
  #onEvent;
  #ids = [];
  #source = null;
  #pause = 1000;
  #timers = {};

  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  watch(wanted) {
    if (wanted.join() === this.#ids.join()) return;
    this.#ids = wanted;
    clearTimeout(this.#timers.debounce);
    this.#timers.debounce = setTimeout(() => this.#open(), wanted.length ? 150 : 0);
  }

  #open() {
    this.#close();
    if (!this.#ids.length) return;
    this.#source = new EventSource(`${STREAM}?${this.#ids.map((id) => `product=${id}`).join("&")}`);
    for (const type of ["snapshot", "stock", "status", "look", "heartbeat"]) {
      this.#source.addEventListener(type, (event) => this.#receive(type, event.data));
    }
    this.#source.addEventListener("error", () => this.#fail());
    this.#restartSilenceTimer();
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timers.silence);
    clearTimeout(this.#timers.again);
  }

  #receive(type, data) {
    this.#pause = 1000;
    this.#restartSilenceTimer();
    if (type !== "heartbeat") this.#onEvent(type, JSON.parse(data));
  }

  /** Reconnects if nothing arrives for a while, not even heartbeats: then the connection is dead. */
  #restartSilenceTimer() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => this.#open(), SILENCE);
  }

  /** Reconnects if the browser has given up; otherwise the browser reconnects by itself. */
  #fail() {
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    this.#close();
    this.#timers.again = setTimeout(() => this.#open(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST);
  }
}
