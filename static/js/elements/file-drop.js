/** A field for files that takes those dropped anywhere on the page, too, adds to what was chosen, and shows it. */
class FileDrop extends HTMLElement {
  #listening;
  #chosen = new DataTransfer();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("change", () => this.#add([...this.#field.files]), { signal });
    // A file that misses a field by a little would replace the page, and all that was typed.
    window.addEventListener("dragover", (event) => this.#over(event), { signal });
    window.addEventListener("drop", (event) => this.#drop(event), { signal });
    window.addEventListener("dragleave", () => this.removeAttribute("data-over"), { signal });
    this.addEventListener("click", (event) => event.target.closest("[data-clear]") && this.#clear(), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #field() {
    return this.querySelector("input[type=file]");
  }

  #over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.toggleAttribute("data-over", true);
  }

  #drop(event) {
    this.removeAttribute("data-over");
    // The editor has taken a picture that was moved within it.
    if (event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    this.#add([...event.dataTransfer.files]);
  }

  /** Choosing again adds: a field alone would forget the first files. */
  #add(files) {
    const known = new Set([...this.#chosen.files].map(describe));
    for (const file of files) if (!known.has(describe(file))) this.#chosen.items.add(file);
    this.#show();
  }

  #clear() {
    this.#chosen = new DataTransfer();
    this.#show();
    this.#field.focus();
  }

  #show() {
    this.#field.files = this.#chosen.files;
    const names = [...this.#chosen.files].map((file) => file.name);
    this.querySelector("[data-chosen]").textContent = names.join(", ");
    this.querySelector("[data-clear]").hidden = !names.length;
  }
}

function describe(file) {
  return `${file.name}:${file.size}:${file.lastModified}`;
}

customElements.define("file-drop", FileDrop);
