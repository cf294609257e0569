/** Reads HTML into a fragment that has only what the server stores: its table of tags comes with the page. */

const STAND_INS = new Set(["details", "summary", "mark", "ins"]); // Squire would take them apart
const OWN_PICTURE = /\/media\/[0-9a-f]{32}-\d{1,4}\.webp$/;
const SCHEMES = /^(?:https?|mailto|tel):/i;

/** Returns the document of a text. Nothing in it runs or loads. Styles wait in `data-style`, and handlers likewise: the
 *  page's policy forbids both, and the browser would report each one. */
export function parse(html) {
  const plain = html.replace(/<style[\s>][^]*?<\/style>/gi, "");
  const quiet = plain.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/(?<=[\s"'/])(style|on\w+)\s*=/gi, "data-$1="));
  return new DOMParser().parseFromString(quiet, "text/html");
}

/** Removes what the server does not store. `allowed` has tags, attributes by tag, and tags removed with content. */
export function clean(root, allowed) {
  for (const node of root.querySelectorAll(allowed.removed.join())) node.remove();
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
  const comments = [];
  while (walker.nextNode()) comments.push(walker.currentNode);
  for (const comment of comments) comment.remove();
  for (const node of [...root.querySelectorAll("*")].reverse()) {
    if (!allowed.tags.includes(node.localName)) node.replaceWith(...node.childNodes);
    else cleanAttributes(node, allowed.attributes[node.localName] ?? []);
  }
}

function cleanAttributes(node, names) {
  for (const { name, value } of [...node.attributes]) {
    const isLink = name === "href" && /^[a-z][a-z0-9+.-]*:/i.test(value.trim()) && !SCHEMES.test(value.trim());
    if (isLink || !names.includes(name)) node.removeAttribute(name);
  }
}

/** Prepares a clean tree for the editor: stand-ins for the tags that it does not know, and pictures of other sites
 *  without their address, since the page may not load them. */
export function hideForEditor(root) {
  for (const node of root.querySelectorAll([...STAND_INS].join())) {
    const name = node.localName === "mark" || node.localName === "ins" ? "span" : "div";
    const standIn = rename(node, name);
    standIn.dataset.was = node.localName;
  }
  for (const picture of root.querySelectorAll("img")) {
    const source = picture.getAttribute("src") ?? "";
    if (isOwnPicture(source)) continue;
    picture.dataset.src = source;
    picture.removeAttribute("src");
  }
}

/** Whether an address is one of the shop's stored pictures. */
export function isOwnPicture(source) {
  const url = URL.canParse(source, location.href) ? new URL(source, location.href) : null;
  return url?.origin === location.origin && OWN_PICTURE.test(url.pathname);
}

/** Puts an element with another name in place of one; returns it. */
export function rename(node, name) {
  const fresh = node.ownerDocument.createElement(name);
  for (const { name: key, value } of node.attributes) fresh.setAttribute(key, value);
  fresh.append(...node.childNodes);
  node.replaceWith(fresh);
  return fresh;
}

/** Puts the children of an element in its place. */
export function unwrap(node) {
  node.replaceWith(...node.childNodes);
}
