/** This tab's badges and the shared connection: a SharedWorker where there is one, else a connection of the tab's own.
 *  Closed when the tab has been hidden for a while or is put away, so that it can come back from the browser's cache. */
import { StockStream } from "./stock-stream.js";

const HIDDEN = 30_000;
const badges = new Set();
let port = null;
let own = null;
let hiding = 0;

export function join(badge) {
  badges.add(badge);
  queueMicrotask(tellIds);
}

export function leave(badge) {
  badges.delete(badge);
  queueMicrotask(tellIds);
}

function hear({ type, data }) {
  const items = type === "snapshot" ? data.items : type === "stock" ? [data] : [];
  for (const item of items) for (const badge of badges) badge.hear(item);
}

function connect() {
  if (port || own) return;
  if ("SharedWorker" in window) {
    try {
      const worker = new SharedWorker(new URL("../workers/stock.js", import.meta.url), { type: "module", name: "stock" });
      worker.addEventListener("error", () => alone());
      port = worker.port;
      port.addEventListener("message", (event) => hear(event.data));
      port.start();
      return;
    } catch {
      // Some browsers know the word and refuse the thing.
    }
  }
  alone();
}

function alone() {
  port = null;
  own ??= new StockStream((type, data) => hear({ type, data }));
  tellIds();
}

function tellIds() {
  if (!badges.size || document.visibilityState === "hidden") return;
  connect();
  const ids = [...new Set([...badges].map((badge) => badge.productId))];
  if (port) port.postMessage({ ids });
  else own.watch(ids);
}

function disconnect() {
  clearTimeout(hiding);
  port?.postMessage({ bye: true });
  port = null;
  own?.watch([]);
  own = null;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.visibilityState === "hidden") hiding = setTimeout(disconnect, HIDDEN);
  else tellIds();
});
addEventListener("pagehide", disconnect);
addEventListener("pageshow", (event) => event.persisted && tellIds());
