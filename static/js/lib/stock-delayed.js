/** Shows a notice that badges may be late while the server does not receive changes. Only this browser shows it: cached
 *  pages do not contain it. */
const PATIENCE = 3_000; // ms: a worker that has just started is not "live" for a moment
let waiting = 0;

/** Returns the page's texts about stock, in its language (components/stock-texts.html). */
export function readTexts() {
  // During a release an older page has them on a script.
  return document.querySelector("#stock-texts, script[data-delayed]").dataset;
}

export function setLive(live) {
  clearTimeout(waiting);
  if (live) showNotice(false);
  else waiting = setTimeout(showNotice, PATIENCE, true);
}

function showNotice(delayed) {
  let place = document.getElementById("stock-delayed");
  if (!place) {
    if (!delayed) return;
    place = Object.assign(document.createElement("p"), { id: "stock-delayed", className: "notice" });
    place.setAttribute("role", "status"); // screen readers announce a region only if it exists before its text
    document.getElementById("content").prepend(place);
  }
  place.hidden = !delayed;
  place.textContent = delayed ? readTexts().delayed : "";
}
