/** The dialogs of the editor: a link, and a picture of the page's own. They stand outside of the form. */
import { change, findAround } from "./editor-commands.js";

const SCHEME = /^(?:https?:\/\/|mailto:|tel:|[/#?])/i;

/** Returns the address that somebody meant: example.com is a page, a@example.com a mailbox. Null if it can be neither. */
export function readAddress(typed) {
  const text = typed.trim();
  if (SCHEME.test(text)) return text;
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(text)) return `mailto:${text}`;
  if (/^[\w-]+(\.[\w-]+)+([/?#:]\S*)?$/.test(text)) return `https://${text}`;
  return null;
}

class EditorDialog {
  constructor(editor, dialog) {
    this.editor = editor;
    this.dialog = dialog;
    document.body.append(dialog);
    dialog.addEventListener("click", (event) => this.click(event.target.closest("button")));
    dialog.addEventListener("close", () => editor.focus());
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input")) return;
      event.preventDefault();
      this.click(dialog.querySelector('[data-answer="apply"]'));
    });
  }

  field(name) {
    return this.dialog.querySelector(`[data-field="${name}"]`);
  }

  click(button) {
    if (!button?.dataset.answer) return;
    if (button.dataset.answer !== "apply" || this.isReady()) {
      this.dialog.close();
      this[button.dataset.answer]?.();
    }
  }

  isReady() {
    return true;
  }

  remove() {
    this.dialog.remove();
  }
}

export class LinkDialog extends EditorDialog {
  #link;

  open() {
    const { editor } = this;
    this.#link = findAround(editor, "a");
    this.field("address").value = this.#link?.getAttribute("href") ?? "";
    this.field("text").value = "";
    this.field("text").closest("label").hidden = this.#link !== null || !editor.getSelection().collapsed;
    this.dialog.querySelector('[data-answer="unlink"]').hidden = this.#link === null;
    this.dialog.querySelector("[data-wrong]").hidden = true;
    this.dialog.showModal();
    this.field("address").focus();
  }

  isReady() {
    const isWrong = readAddress(this.field("address").value) === null;
    this.dialog.querySelector("[data-wrong]").hidden = !isWrong;
    if (isWrong) this.field("address").focus();
    return !isWrong;
  }

  apply() {
    const { editor } = this;
    const address = readAddress(this.field("address").value);
    const text = this.field("text").value.trim();
    if (this.#link?.isConnected) change(editor, () => this.#link.setAttribute("href", address));
    else if (editor.getSelection().collapsed) insertLink(editor, address, text || address.replace(/^(?:https?:\/\/|mailto:|tel:)/, ""));
    else editor.makeLink(address);
  }

  unlink() {
    this.editor.removeLink();
  }
}

function insertLink(editor, address, text) {
  change(editor, () => {
    const link = document.createElement("a");
    link.href = address;
    link.setAttribute("href", address);
    link.textContent = text;
    editor.insertElement(link);
  });
}

export class PictureDialog extends EditorDialog {
  #picture;

  constructor(editor, dialog) {
    super(editor, dialog);
    dialog.addEventListener("click", (event) => this.#choose(event.target.closest("[data-src]"), { isNew: true }));
  }

  open() {
    const { startContainer, startOffset, endOffset } = this.editor.getSelection();
    const node = endOffset === startOffset + 1 ? startContainer.childNodes?.[startOffset] : null;
    this.#picture = node instanceof HTMLImageElement ? node : null;
    const source = this.#picture?.getAttribute("src");
    this.#choose([...this.dialog.querySelectorAll("[data-src]")].find((one) => one.dataset.src === source) ?? null, {});
    this.field("alt").value = this.#picture?.alt ?? "";
    this.dialog.showModal();
  }

  isReady() {
    return Boolean(this.#picture ?? this.#chosen);
  }

  apply() {
    const chosen = this.#chosen;
    const alt = this.field("alt").value.trim();
    change(this.editor, () => {
      const picture = this.#picture?.isConnected ? this.#picture : document.createElement("img");
      if (chosen) {
        const { src, width, height } = chosen.dataset;
        for (const [name, value] of Object.entries({ src, width, height })) picture.setAttribute(name, value);
        delete picture.dataset.src;
      }
      picture.alt = alt;
      if (!picture.isConnected) this.editor.insertElement(picture);
    });
  }

  get #chosen() {
    return this.dialog.querySelector('[data-src][aria-pressed="true"]');
  }

  #choose(chosen, { isNew }) {
    if (isNew && !chosen) return;
    for (const one of this.dialog.querySelectorAll("[data-src]")) one.ariaPressed = String(one === chosen);
    if (isNew) this.field("alt").value = chosen.dataset.alt;
  }
}
