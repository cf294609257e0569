/** Beside each picture, boxes for the variants that show it. They set the variants' own fields, which the form sends
 *  and people without JavaScript use; a variant shows one picture. */
class PictureVariants extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.replaceChildren(this.querySelector("template"), this.#makeBoxes());
    this.addEventListener("change", (event) => this.#choose(event.target), { signal });
    document.addEventListener("change", () => this.#refresh(), { signal });
    this.#refresh();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #fields() {
    return [...document.querySelectorAll("select[data-shows-picture]")];
  }

  #makeBoxes() {
    const part = this.querySelector("template").content.cloneNode(true);
    const list = part.querySelector("[data-boxes]");
    for (const field of this.#fields) {
      const label = list.firstElementChild.cloneNode(true);
      const box = label.querySelector("input");
      box.dataset.of = field.name;
      label.querySelector("[data-name]").textContent = field.dataset.showsPicture;
      list.append(label);
    }
    list.firstElementChild.remove();
    return part;
  }

  #choose(box) {
    if (!box.dataset.of) return;
    const field = document.getElementsByName(box.dataset.of)[0];
    field.value = box.checked ? this.dataset.picture : "";
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #refresh() {
    const names = [];
    for (const box of this.querySelectorAll("[data-of]")) {
      const field = document.getElementsByName(box.dataset.of)[0];
      box.checked = field.value === this.dataset.picture;
      if (box.checked) names.push(field.dataset.showsPicture);
    }
    this.querySelector("[data-names]").textContent = names.join(", ") || this.dataset.none;
  }
}

customElements.define("picture-variants", PictureVariants);
