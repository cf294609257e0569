/** Imports the modules of the page's custom elements when the page is painted: what people see comes first. A touch or a
 *  key imports them at once. Links and forms work before, without them. */

// By name of the element: its module and all that it imports. The server writes this table (web/module_graph.py).
const modules = {};
const LATEST = 3000; // milliseconds: pictures may not arrive, and a hidden tab paints nothing
const missing = new Map(Object.entries(modules));
let started = false;

/** Imports at once all that the page needs: a module that imports another one does not delay it. */
function importMissing() {
  for (const { localName } of document.querySelectorAll(":not(:defined)")) {
    for (const url of missing.get(localName) ?? []) import(url);
    missing.delete(localName);
  }
}

function start() {
  if (started) return;
  started = true;
  importMissing();
  // Parts of a page that another element loads may contain elements that the page did not have.
  new MutationObserver(importMissing).observe(document.documentElement, { childList: true, subtree: true });
}

/** Starts when the browser reports a paint: in a slow one, frames are asked for long before they are seen. */
function startWhenPainted() {
  if (!PerformanceObserver.supportedEntryTypes.includes("paint")) return setTimeout(start);
  new PerformanceObserver((_, observer) => {
    observer.disconnect();
    setTimeout(start);
  }).observe({ type: "paint", buffered: true });
}

function startAfterPaint() {
  requestAnimationFrame(() => requestAnimationFrame(startWhenPainted));
}

/** Makes the page that a form leaves behind an ordinary one. Pages that answer a form are not stored: going back to one
 *  would show the browser's own error page, which offers to send the form again. */
function leaveNoFormBehind({ defaultPrevented }) {
  if (!defaultPrevented) history.replaceState(history.state, "");
}

addEventListener("submit", leaveNoFormBehind);
addEventListener("load", startAfterPaint, { once: true });
for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, start, { once: true, capture: true, passive: true });
setTimeout(start, LATEST);
