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
  replaceParts(root, fresh);
}

/** Replaces the parts whose contents differ (`data-part`). What would push the rest of the page away becomes `late`: the
 *  style sheet shows it at the window's edge, or leaves it to another part that says so. */
export function replaceParts(root, fresh) {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = root.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old || (old.innerHTML === part.innerHTML && dataOf(old) === dataOf(part))) continue;
    const box = old.parentElement;
    const height = box.offsetHeight;
    part.style.minBlockSize = `${old.hasAttribute("late") ? 0 : old.offsetHeight}px`;
    old.replaceWith(document.adoptNode(part));
    part.toggleAttribute("late", box.offsetHeight > height);
  }
}

/** The data of a part that has no contents, such as the variants that <stock-watch> follows. */
function dataOf(part) {
  return JSON.stringify({ ...part.dataset });
}

/** Marks a field with the sentence that says what to type, or with none if it is valid. A field that has left the
 *  page stays as it is: Chromium reports its change as another one takes its place. */
export function markField(field, sentence) {
  if (!field.isConnected) return;
  const isValid = field.validity.valid;
  document.getElementById(field.getAttribute("aria-describedby")).textContent = isValid ? "" : sentence;
  field.ariaInvalid = isValid ? null : "true";
}

const LONGEST_PRESS = 1000; // milliseconds; the release of a pointer outside of the window is not seen

/** Returns a function whose promise waits until no pointer is pressed: a button that moves under it swallows the click. */
export function watchPointer(signal) {
  let released = Promise.resolve();
  const press = () => {
    released = new Promise((done) => {
      for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => setTimeout(done), { once: true });
      setTimeout(done, LONGEST_PRESS);
    });
  };
  document.addEventListener("pointerdown", press, { signal });
  return () => released;
}

/** Calls `act` when the page is left, unless a form was sent. */
export function watchLeaving(act, signal) {
  let isSubmitted = false;
  document.addEventListener("submit", () => (isSubmitted = true), { signal });
  window.addEventListener("pageshow", () => (isSubmitted = false), { signal });
  window.addEventListener("pagehide", () => isSubmitted || act(), { signal });
}
