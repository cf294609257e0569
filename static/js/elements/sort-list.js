/** A list whose parts can be dragged, or moved with the arrow keys. It writes the new places into the number field of
 *  each part (`data-place`); the form saves them. Without JavaScript people type the numbers. */
class SortList extends HTMLElement {
  #listening;
  #dragged;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    for (const handle of this.querySelectorAll("[data-handle]")) handle.hidden = false;
    this.addEventListener("keydown", (event) => this.#press(event), { signal });
    this.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    document.addEventListener("pointermove", (event) => this.#drag(event), { signal });
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => this.#drop(), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#drop();
  }

  get #items() {
    return [...this.querySelectorAll("[data-item]")];
  }

  #press(event) {
    const item = this.#itemOf(event.target);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!item || !step) return;
    event.preventDefault();
    const other = this.#items[this.#items.indexOf(item) + step];
    if (other) this.#place(item, other, step > 0);
    event.target.focus();
  }

  #grab(event) {
    const item = this.#itemOf(event.target);
    if (!item || event.button) return;
    event.preventDefault();
    this.#dragged = item;
    item.toggleAttribute("data-dragged", true);
  }

  #drag(event) {
    const item = this.#dragged;
    if (!item) return;
    const under = this.#items.find((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return one !== item && event.clientY >= top && event.clientY <= bottom;
    });
    if (!under) return;
    const { top, height } = under.getBoundingClientRect();
    const isBelow = this.#items.indexOf(under) > this.#items.indexOf(item);
    // Past its middle, so that parts of different heights do not change places back and forth.
    if (isBelow === event.clientY > top + height / 2) this.#place(item, under, isBelow);
  }

  #drop() {
    this.#dragged?.removeAttribute("data-dragged");
    this.#dragged = null;
  }

  #itemOf(target) {
    return target.closest("[data-handle]")?.closest("[data-item]");
  }

  #place(item, other, isAfter) {
    if (isAfter) other.after(item);
    else other.before(item);
    item.scrollIntoView({ block: "nearest" });
    const last = this.#items.length - 1;
    for (const [place, one] of this.#items.entries()) {
      one.querySelector("[value=up]")?.toggleAttribute("disabled", place === 0);
      one.querySelector("[value=down]")?.toggleAttribute("disabled", place === last);
      const field = one.querySelector("[data-place]");
      if (field.value === String(place + 1)) continue;
      field.value = place + 1;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const said = this.dataset.moved.replace("{name}", item.dataset.item);
    this.querySelector("[data-said]").textContent = said.replace("{place}", this.#items.indexOf(item) + 1);
  }
}

customElements.define("sort-list", SortList);
