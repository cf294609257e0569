/** Shows the merchant's changed colours, corners and fonts in the open page: the sheet at `url`; "" for none. */
export function showLook(url) {
  const old = document.querySelector('link[data-part="look"]');
  if ((old?.getAttribute("href") ?? "") === url) return;
  if (!url) return old?.remove();
  const sheet = document.createElement("link");
  Object.assign(sheet, { rel: "stylesheet", href: url });
  sheet.dataset.part = "look";
  // The old colours stay until the new ones have come.
  sheet.addEventListener("load", () => old?.remove());
  sheet.addEventListener("error", () => sheet.remove());
  (old ?? [...document.querySelectorAll('link[rel="stylesheet"]')].at(-1)).after(sheet);
}
