/** The three ways from a tab to the stream. Each calls a function with each message, and has `show` and `close`. */
import { StockStreams } from "./stock-stream.js";
import { StockTabs } from "./stock-tabs.js";

// Shops below different paths of one host share names of channels and locks.
const NAME = `stock:${new URL("../../../", import.meta.url).pathname}`;

/** Through a worker that all tabs share. */
export class WorkerLink {
  #port;

  constructor(onMessage, failed) {
    const worker = new SharedWorker(new URL("../workers/stock.js", import.meta.url), { type: "module", name: "stock" });
    worker.addEventListener("error", failed);
    this.#port = worker.port;
    this.#port.addEventListener("message", (event) => onMessage(event.data));
    this.#port.start();
  }

  show(ids) {
    this.#port.postMessage({ ids });
  }

  close() {
    this.#port.postMessage({ bye: true });
  }
}

/** Through the tab that holds a lock and has the connection for all; tabs exchange messages over a channel. */
export class LeaderLink {
  #me = Math.random();
  #ids = [];
  #onMessage;
  #channel = new BroadcastChannel(NAME);
  #lead = null;
  #ended = new AbortController();

  constructor(onMessage) {
    this.#onMessage = onMessage;
    this.#channel.addEventListener("message", ({ data }) => this.#receive(data));
    const wait = { signal: this.#ended.signal };
    navigator.locks.request(NAME, wait, () => this.#leading()).catch(() => {}); // closed while it waited
  }

  show(ids) {
    this.#ids = ids;
    if (this.#lead) this.#lead.show(this.#me, ids);
    else this.#channel.postMessage({ from: this.#me, ids });
  }

  close() {
    this.#ended.abort();
    this.#lead?.close();
    this.#channel.postMessage({ from: this.#me });
    this.#channel.close();
  }

  /** Keeps the lock until this tab closes the link; then another tab gets it. */
  #leading() {
    this.#lead = new StockTabs((tab, message) => {
      if (tab !== this.#me) this.#channel.postMessage({ to: tab, message });
      if (tab === null || tab === this.#me) this.#onMessage(message);
    });
    this.#lead.show(this.#me, this.#ids);
    this.#channel.postMessage({ who: true });
    return new Promise((resolve) => this.#ended.signal.addEventListener("abort", resolve));
  }

  #receive({ from, ids, to, message, who }) {
    if (who) this.#channel.postMessage({ from: this.#me, ids: this.#ids });
    else if (message && (to === null || to === this.#me)) this.#onMessage(message);
    else if (from && this.#lead) ids ? this.#lead.show(from, ids) : this.#lead.leave(from);
  }
}

/** Through a connection of this tab only. */
export class OwnLink {
  #streams;

  constructor(onMessage) {
    this.#streams = new StockStreams((type, data) => onMessage({ type, data }));
  }

  show(ids) {
    this.#streams.watch(ids);
  }

  close() {
    this.#streams.watch([]);
  }
}
