/** Shows the parts of a page (`data-part`) as they are in a fresh copy of it: parts that are gone leave, new ones come in
 *  their place. A part in which somebody is typing, or has the focus, stays until the next time. Returns whether any changed. */
export function replaceOfficeParts(root, fresh) {
  const parts = new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  let before = null;
  let changed = false;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = parts.get(part.dataset.part);
    parts.delete(part.dataset.part);
    if (old && (old.innerHTML === part.innerHTML || old.contains(document.activeElement))) {
      before = old;
      continue;
    }
    changed = true;
    const copy = document.importNode(part, true);
    if (old) old.replaceWith(copy);
    else if (before) before.after(copy);
    else root.querySelector("[data-part]")?.before(copy);
    before = copy;
  }
  for (const gone of parts.values()) if (!gone.contains(document.activeElement)) gone.remove();
  return changed || parts.size > 0;
}
