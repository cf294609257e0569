/** Connects this tab's badges to the stream that all tabs share, in the best way that the browser supports. Closed when
 *  the tab has been hidden for a while or is left, so that the browser can restore the page from its cache. */
import { setLive } from "./stock-delayed.js";
import { LeaderLink, OwnLink, WorkerLink } from "./stock-links.js";

const HIDDEN = 30_000;
const badges = new Set();
let link = null;
let hiding = 0;
let worker = "SharedWorker" in window;

export function addBadge(badge) {
  badges.add(badge);
  queueMicrotask(show);
}

// The names before 0.1.0: during a release an older page may load this module.
export { addBadge as join, removeBadge as leave };

export function removeBadge(badge) {
  badges.delete(badge);
  queueMicrotask(show);
}

function receive({ type, data }) {
  if (type === "snapshot" || type === "status") setLive(data.live);
  const items = type === "snapshot" ? data.items : type === "stock" ? [data] : [];
  for (const item of items) for (const badge of badges) badge.receive(item);
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
  link.show([...new Set([...badges].map((badge) => badge.productId))]);
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
