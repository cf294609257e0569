/** Several tabs on one connection. Each tab names its products, and all receive the changes. A new tab first gets the
 *  states that have arrived already. `send(tab, message)` sends to one tab, or to all if `tab` is null. */
import { StockStreams } from "./stock-stream.js";

export class StockTabs {
  #shown = new Map();
  #latest = new Map();
  #send;
  #live = true;
  #streams = new StockStreams((type, data) => this.#receive(type, data));

  constructor(send) {
    this.#send = send;
  }

  /** Sets the products that a tab shows. */
  show(tab, ids) {
    this.#shown.set(tab, ids);
    this.#update();
    const items = [...this.#latest.values()].filter((item) => ids.includes(item.product_id));
    if (items.length) this.#send(tab, { type: "snapshot", data: { items, live: this.#live } });
  }

  leave(tab) {
    this.#shown.delete(tab);
    this.#update();
  }

  close() {
    this.#shown.clear();
    this.#update();
  }

  #update() {
    const watched = new Set([...this.#shown.values()].flat());
    // Products that no tab shows get no updates: their last state would become outdated.
    for (const [sku, item] of this.#latest) if (!watched.has(item.product_id)) this.#latest.delete(sku);
    this.#streams.watch([...watched]);
  }

  #receive(type, data) {
    if (type === "snapshot" || type === "status") this.#live = data.live;
    for (const item of type === "snapshot" ? data.items : type === "stock" ? [data] : []) this.#latest.set(item.sku, item);
    this.#send(null, { type, data });
  }
}
