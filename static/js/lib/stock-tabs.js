/** What several tabs show, on one connection: each says its products, all hear what changes. The tab that begins is told
 *  what is known already. `tell(tab, message)` reaches one tab, or all if tab is null. */
import { StockStream } from "./stock-stream.js";

export class StockTabs {
  #shown = new Map();
  #latest = new Map();
  #tell;
  #stream = new StockStream((type, data) => this.#hear(type, data));

  constructor(tell) {
    this.#tell = tell;
  }

  /** These are the products that a tab shows now. */
  show(tab, ids) {
    this.#shown.set(tab, ids);
    this.#update();
    const items = [...this.#latest.values()].filter((item) => ids.includes(item.product_id));
    if (items.length) this.#tell(tab, { type: "snapshot", data: { items } });
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
    // Of what nobody shows nothing more is heard: what was known of it would be old.
    for (const [sku, item] of this.#latest) if (!watched.has(item.product_id)) this.#latest.delete(sku);
    this.#stream.watch([...watched]);
  }

  #hear(type, data) {
    for (const item of type === "snapshot" ? data.items : type === "stock" ? [data] : []) this.#latest.set(item.sku, item);
    this.#tell(null, { type, data });
  }
}
