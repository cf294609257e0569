/** The lines of the basket's page whose quantity can be changed: the line's id, its field, and the field that says which
 *  quantity the page showed. */
export function* linesOf(root) {
  for (const line of root.querySelectorAll(".cart-line")) {
    const [quantity, shown] = ["quantity", "shown"].map((name) => line.querySelector(`[name=${name}]`));
    if (quantity) yield { id: line.dataset.line, quantity, shown };
  }
}

/** What the page lists: as long as it stays the same, `patchLines` can bring it up to date. */
export function outlineOf(root) {
  return JSON.stringify([...root.querySelectorAll(".cart-line")].map((line) => [line.dataset.line, [...line.querySelectorAll("[data-part]")].map((part) => part.dataset.part)]));
}

/** Replaces the parts that differ, and leaves the fields and buttons where they are. */
export function patchLines(root, fresh) {
  const answers = [...linesOf(fresh)];
  for (const [place, line] of [...linesOf(root)].entries()) {
    const { quantity, shown } = answers[place];
    if (line.quantity.value !== quantity.value) line.quantity.value = quantity.value;
    line.shown.value = shown.value;
    line.quantity.ariaInvalid = quantity.ariaInvalid;
  }
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = root.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old.isEqualNode(part)) old.replaceWith(document.adoptNode(part));
  }
}
