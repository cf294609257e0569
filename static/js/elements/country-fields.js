/** Loads the address form and the totals of a country as soon as it is chosen. Typed text and focus stay. Without
 *  JavaScript, or if the request fails, a button does the same (`failed`). */
class CountryFields extends HTMLElement {
  #listening;
  #shown; // the country whose form is shown

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#shown ??= this.#country.querySelector("option[selected]")?.value ?? this.#country.options[0]?.value;
    this.addEventListener("change", (event) => this.#changed(event), { signal });
    addEventListener("pageshow", () => this.#catchUp(), { signal });
    this.#catchUp();
  }

  get #country() {
    return this.querySelector(`[name=${this.#prefix}country]`);
  }

  /** Prefix of the field names, for the second address of a form. Totals depend on the first address. */
  get #prefix() {
    return this.getAttribute("prefix") ?? "";
  }

  get #asked() {
    return this.#prefix ? [`${this.#prefix}country`] : ["country", "region", "delivery"];
  }

  /** The shopper may have chosen a country before this script ran, or the browser may have restored one. */
  #catchUp() {
    if (this.#country.value !== this.#shown) this.#ask(this.#country);
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  #changed({ target }) {
    if (this.#asked.includes(target.name)) this.#ask(target);
  }

  async #ask(changed) {
    const form = changed.form;
    const isCountry = changed === this.#country;
    if (isCountry) this.#shown = changed.value;
    const wanted = new URLSearchParams();
    for (const name of this.#asked) wanted.set(name, new FormData(form).get(name) ?? "");
    try {
      const answer = await fetch(`${this.getAttribute("from")}?${wanted}`, { signal: this.#listening.signal });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = isCountry ? [`${this.#prefix}address-parts`] : [];
      if (!this.#prefix) parts.push(...(isCountry ? ["delivery-choices"] : []), "sums");
      for (const part of parts) this.#replace(part, page, form);
    } catch (error) {
      if (error.name !== "AbortError") this.setAttribute("failed", "");
    }
  }

  #replace(id, page, form) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh) return;
    const typed = new FormData(form);
    for (const input of fresh.querySelectorAll("input, select")) {
      const value = typed.get(input.name);
      if (value === null) continue;
      if (input.type === "radio") input.checked = input.value === value;
      else if (input.tagName !== "SELECT" || [...input.options].some((option) => option.value === value)) input.value = value;
    }
    const radios = [...fresh.querySelectorAll("input[type=radio]")];
    if (radios.length && !radios.some((radio) => radio.checked)) radios[0].checked = true;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(document.adoptNode(fresh));
    if (focused) this.#focus(form.elements[focused.name], focused);
  }

  /** Lets the shopper go on typing in the field that took the place of the old one, at the same place in the text. */
  #focus(field, old) {
    if (!(field instanceof HTMLElement)) return; // the form of this country has no such field
    field.focus({ preventScroll: true });
    if (field.type === "text" && old.type === "text") field.setSelectionRange(old.selectionStart, old.selectionEnd);
  }
}

customElements.define("country-fields", CountryFields);
