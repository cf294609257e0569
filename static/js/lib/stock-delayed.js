/** Says on a page with badges that they may be late, while the shop's messages do not come through. No page that is kept
 *  for everybody holds this notice: it is what this browser hears. */
const PATIENCE = 3_000; // a worker that has just begun is not "live" for a moment either
let waiting = 0;

export function say(live) {
  clearTimeout(waiting);
  if (live) notice(false);
  else waiting = setTimeout(notice, PATIENCE, true);
}

function notice(delayed) {
  let place = document.getElementById("stock-delayed");
  if (!place) {
    if (!delayed) return;
    place = Object.assign(document.createElement("p"), { id: "stock-delayed", className: "notice" });
    place.setAttribute("role", "status"); // a region that is there before its words is the one that is read out
    document.getElementById("content").prepend(place);
  }
  place.hidden = !delayed;
  place.textContent = delayed ? document.querySelector("script[data-delayed]").dataset.delayed : "";
}
