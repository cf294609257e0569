/** A shared worker with one connection for all tabs of the shop. */
import { StockTabs } from "../lib/stock-tabs.js";

const ports = new Set();
const tabs = new StockTabs((port, message) => {
  for (const one of port ? [port] : ports) one.postMessage(message);
});

addEventListener("connect", ({ ports: [port] }) => {
  ports.add(port);
  port.addEventListener("message", ({ data }) => {
    if (data.ids) return tabs.show(port, data.ids);
    ports.delete(port);
    port.close();
    tabs.leave(port);
  });
  port.start();
});
