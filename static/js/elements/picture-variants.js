/** Beside each picture, boxes for the variants that show it, and for all of a colour or a size. They set the variants'
 *  own fields, which the form sends and people without JavaScript use; a variant shows one picture. */
class PictureVariants extends HTMLElement {
  #listening;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (!this.querySelector("[data-boxes]")) this.append(this.#makeBoxes());
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

  /** Returns the fields of the variants with each value of an option that several have, by the value. */
  get #groups() {
    const groups = Map.groupBy(
      this.#fields.flatMap((field) => field.dataset.showsPicture.split(" / ").map((value) => ({ value, field }))),
      ({ value }) => value,
    );
    const several = [...groups].filter(([, members]) => members.length > 1 && members.length < this.#fields.length);
    return new Map(several.map(([value, members]) => [value, members.map(({ field }) => field)]));
  }

  #makeBoxes() {
    const part = this.querySelector("template").content.cloneNode(true);
    const list = part.querySelector("[data-boxes]");
    const model = list.firstElementChild;
    for (const value of this.#groups.keys()) {
      list.append(makeBox(model, this.dataset.all.replace("{value}", value), { group: value }));
    }
    for (const field of this.#fields) list.append(makeBox(model, field.dataset.showsPicture, { of: field.name }));
    model.remove();
    return part;
  }

  #fieldsOf({ of, group }) {
    return group === undefined ? this.#fields.filter((field) => field.name === of) : this.#groups.get(group);
  }

  #choose(box) {
    if (!box.dataset.of && !box.dataset.group) return;
    for (const field of this.#fieldsOf(box.dataset)) {
      if (box.checked) field.value = this.dataset.picture;
      else if (field.value === this.dataset.picture) field.value = "";
    }
  }

  #refresh() {
    for (const box of this.querySelectorAll("input")) {
      const shown = this.#fieldsOf(box.dataset).map((field) => field.value === this.dataset.picture);
      box.checked = shown.every(Boolean);
      box.indeterminate = !box.checked && shown.some(Boolean);
    }
    const own = this.#fields.filter((field) => field.value === this.dataset.picture);
    const names = own.map((field) => field.dataset.showsPicture).join(", ");
    this.querySelector("[data-names]").textContent = names || this.dataset.none;
  }
}

function makeBox(model, text, data) {
  const label = model.cloneNode(true);
  Object.assign(label.querySelector("input").dataset, data);
  label.querySelector("[data-name]").textContent = text;
  return label;
}

customElements.define("picture-variants", PictureVariants);
