/** Shows staff a link from a page of the shop to its form in the back office.
 *  @param {Record<string, string>} addresses of forms by kind of page, in which KEY stands for what the page shows. */
export function offerEdit(addresses) {
  for (const place of document.querySelectorAll("[data-edit]")) {
    const address = addresses[place.dataset.edit];
    if (!address || place.firstElementChild) continue;
    const link = document.createElement("a");
    link.href = address.replace("KEY", encodeURIComponent(place.dataset.key));
    link.textContent = place.dataset.label;
    place.append(link);
    place.hidden = false;
  }
}
