/** One connection for all tabs of the shop: each tab says what it shows, all hear what changes. */
import { StockStream } from "../lib/stock-stream.js";

const tabs = new Map();
const latest = new Map();

const stream = new StockStream((type, data) => {
  for (const item of type === "snapshot" ? data.items : type === "stock" ? [data] : []) latest.set(item.sku, item);
  for (const port of tabs.keys()) port.postMessage({ type, data });
});

function update() {
  stream.watch([...tabs.values()].flat());
}

addEventListener("connect", ({ ports: [port] }) => {
  tabs.set(port, []);
  port.addEventListener("message", ({ data }) => {
    if (data.ids) {
      tabs.set(port, data.ids);
      const known = [...latest.values()].filter((item) => data.ids.includes(item.product_id));
      if (known.length) port.postMessage({ type: "snapshot", data: { items: known } });
    } else {
      tabs.delete(port);
      port.close();
    }
    update();
  });
  port.start();
});
