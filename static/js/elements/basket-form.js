/** Saves a quantity of the basket as it changes, and shows what the server makes of it. Typed text and focus stay.
 *  Without JavaScript, or if the request fails, every button of the form saves all quantities. */
import { linesOf, markField, outlineOf, patchLines, watchLeaving, watchPointer } from "../lib/basket-lines.js";

const TYPING_PAUSE = 600; // milliseconds

class BasketForm extends HTMLElement {
  #listening;
  #timer;
  #isSaving = false;
  #isDue = false;
  #released;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("input", ({ target }) => this.#typed(target), { signal });
    this.addEventListener("change", ({ target }) => target.name === "quantity" && this.#changed(target), { signal });
    this.#released = watchPointer(signal);
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh(), { signal });
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.refresh(), { signal });
    watchLeaving(() => this.#save(), signal); // typed, and back at once
    this.#save(); // what was typed before this script ran
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#timer);
  }

  /** Shows the basket as the server has it now: other tabs and other shoppers change it, too. */
  async refresh() {
    await this.#load(location.pathname, {}, "shown");
  }

  #typed(field) {
    if (field.name !== "quantity") return;
    clearTimeout(this.#timer);
    if (field.validity.valid) this.#timer = setTimeout(() => this.#save(), TYPING_PAUSE);
  }

  #changed(field) {
    // At once: what appears later than half a second after a key or a click is a page that jumps.
    this.#released().then(() => markField(field, this.dataset.wrong));
    if (field.validity.valid) this.#save();
  }

  async #save() {
    clearTimeout(this.#timer);
    this.#isDue = true;
    if (this.#isSaving) return;
    this.#isSaving = true;
    while (this.#isDue) {
      this.#isDue = false;
      if ([...linesOf(this)].every(({ quantity, shown }) => quantity.value === shown.value)) continue;
      const form = document.getElementById("basket");
      await this.#load(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), keepalive: true }, "quantity");
    }
    this.#isSaving = false;
  }

  /** Loads the page and shows it, but for quantities that are not those of the fields `known` as they are now. */
  async #load(url, options, known) {
    const values = new Map([...linesOf(this)].map((line) => [line.id, line[known].value]));
    try {
      const answer = await fetch(url, options);
      if (!answer.ok && answer.status !== 422) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      await this.#released();
      this.removeAttribute("failed");
      this.#show(page.querySelector("basket-form"), values);
    } catch {
      if (!options.method) return;
      this.setAttribute("failed", "");
      this.#say(this.dataset.failed);
    }
  }

  #show(fresh, values) {
    const typed = new Map();
    for (const { id, quantity } of linesOf(this)) if (quantity.value !== values.get(id)) typed.set(id, quantity.value);
    const focused = document.activeElement.id;
    if (outlineOf(this) === outlineOf(fresh)) patchLines(this, fresh);
    else this.replaceChildren(...document.adoptNode(fresh).childNodes);
    for (const { id, quantity } of linesOf(this)) if (typed.has(id)) quantity.value = typed.get(id);
    if (focused && focused !== document.activeElement.id) document.getElementById(focused)?.focus();
    this.#say(this.querySelector(".cart-line__wrong:not(:empty)")?.textContent ?? "");
    const items = this.querySelector("[data-items]")?.dataset.items ?? 0;
    document.dispatchEvent(new CustomEvent("cart-changed", { detail: Number(items) }));
  }

  #say(text) {
    const place = this.querySelector("[data-said]");
    if (place && place.textContent !== text) place.textContent = text;
  }
}

customElements.define("basket-form", BasketForm);
