/** A field above a long list of options: shows only those that contain what is typed, or are ticked. */
class OptionSearch extends HTMLElement {
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#field.addEventListener("input", () => this.#filter(), { signal });
    this.#field.addEventListener("keydown", (event) => this.#keep(event), { signal });
    if (this.#field.value) this.#filter(); // the browser has restored it
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #field() {
    return this.querySelector("input");
  }

  /** Enter chooses nothing yet: the form would be sent with what was ticked before. */
  #keep(event) {
    if (event.key === "Enter") event.preventDefault();
  }

  #filter() {
    const wanted = fold(this.#field.value.trim());
    let found = 0;
    for (const option of document.getElementById(this.dataset.list).children) {
      const matches = fold(option.querySelector("input").value).includes(wanted);
      option.hidden = !matches && !option.querySelector("input").checked;
      found += matches;
    }
    this.querySelector("[role=status]").textContent = this.dataset.found.replace("{count}", found);
  }
}

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

customElements.define("option-search", OptionSearch);
