/** Connects this tab's badges to the stream that all tabs share, in the best way that the browser supports. Closed when
 *  the tab has been hidden for a while or is left, so that the browser can restore the page from its cache. */
import { setLive } from "./stock-delayed.js";
import { showLook } from "./shop-look.js";
import { LeaderLink, OwnLink, WorkerLink } from "./stock-links.js";

const HIDDEN = 30_000;
const badges = new Set();
const latest = new Map(); // the newest state of each variant, for badges that are added later
let link = null;
let hiding = 0;
let worker = "SharedWorker" in window;

/** Adds an element that follows stock: it has `productIds`, and `receive` gets the states of their variants. */
export function addBadge(badge) {
  badges.add(badge);
  for (const item of latest.values()) badge.receive(item);
  queueMicrotask(show);
}

// The names before 0.1.0: during a release an older page may load this module.
export { addBadge as join, removeBadge as leave };

export function removeBadge(badge) {
  badges.delete(badge);
  queueMicrotask(show);
}

function receive({ type, data }) {
  if (type === "look") showLook(data.url);
  if (type === "snapshot" || type === "status") setLive(data.live);
  const items = type === "snapshot" ? data.items : type === "stock" ? [data] : [];
  for (const item of items) {
    if ((latest.get(item.sku)?.version ?? 0) < item.version) latest.set(item.sku, item);
    for (const badge of badges) badge.receive(item);
  }
}

function connect() {
  if (worker) {
    try {
      return new WorkerLink(receive, withoutWorker);
    } catch {
      worker = false; // some browsers have the constructor but refuse to use it
    }
  }
  return navigator.locks && "BroadcastChannel" in window ? new LeaderLink(receive) : new OwnLink(receive);
}

function withoutWorker() {
  worker = false;
  link = null;
  show();
}

function show() {
  if (document.visibilityState === "hidden" || !(badges.size || link)) return;
  link ??= connect();
  link.show([...new Set([...badges].flatMap((badge) => badge.productIds ?? badge.productId))]);
}

function disconnect() {
  clearTimeout(hiding);
  link?.close();
  link = null;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.visibilityState === "hidden") hiding = setTimeout(disconnect, HIDDEN);
  else show();
});
addEventListener("pagehide", disconnect);
addEventListener("pageshow", (event) => event.persisted && show());
