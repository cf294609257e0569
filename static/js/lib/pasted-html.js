/** Makes what Word, Google Docs and web pages put on the clipboard plain: their looks become tags or go. */
import { isOwnPicture, rename, unwrap } from "./clean-html.js";

const WORD_ITEM = /mso-list:\s*l\d+\s+level(\d+)/i;
const BLOCKS = "p,h1,h2,h3,h4,h5,h6,ul,ol,table,blockquote,pre,div,figure,dl,hr";

/** Rewrites the tree of a pasted text; `data-style` holds the styles. Call it before the tree is cleaned. */
export function makePlain(root) {
  makeWordLists(root);
  for (const node of root.querySelectorAll("[data-style]")) makeTags(node, node.dataset.style);
  for (const node of [...root.querySelectorAll("span, font, center, section, article, main, header, footer")].reverse()) {
    unwrap(node);
  }
  for (const picture of root.querySelectorAll("img")) {
    if (!isOwnPicture(picture.getAttribute("src") ?? "")) picture.remove();
  }
  for (const node of [...root.querySelectorAll("div")].reverse()) {
    if (node.querySelector(BLOCKS)) unwrap(node);
    else rename(node, "p");
  }
  for (const node of root.querySelectorAll("li > p:only-child, td > p:only-child, th > p:only-child")) unwrap(node);
  for (const node of root.querySelectorAll("p")) if (isEmpty(node)) node.remove();
}

/** Bold and italic letters that are styles become tags; tags whose style takes it back go. */
function makeTags(node, style) {
  const weight = /font-weight:\s*(\w+)/i.exec(style)?.[1];
  const isHeading = node.matches("h1,h2,h3,h4,h5,h6");
  if (node.matches("b,strong") && /^(?:normal|400)$/.test(weight)) return unwrap(node);
  if (/^(?:bold|[6-9]00)$/.test(weight) && !isHeading) wrapContent(node, "b");
  if (/font-style:\s*italic/i.test(style) && !isHeading) wrapContent(node, "i");
}

function wrapContent(node, name) {
  if (node.matches("b,strong,i,em") || node.querySelector(BLOCKS)) return;
  const wrapper = node.ownerDocument.createElement(name);
  wrapper.append(...node.childNodes);
  node.append(wrapper);
}

/** Word writes the items of a list as paragraphs, each with its mark as text and its level as a style. */
function makeWordLists(root) {
  for (const item of root.querySelectorAll("p[data-style]")) {
    const level = WORD_ITEM.exec(item.dataset.style)?.[1];
    if (!level) continue;
    const mark = [...item.querySelectorAll("[data-style]")].find((node) => /mso-list:\s*ignore/i.test(node.dataset.style));
    const kind = /^\s*(?:\d+|[a-z]{1,4})[.)]/i.test(mark?.textContent ?? "") ? "ol" : "ul";
    mark?.remove();
    placeItem(item, kind, Number(level));
  }
  for (const list of root.querySelectorAll("[data-level]")) delete list.dataset.level;
}

function placeItem(item, kind, level) {
  let list = item.previousElementSibling?.closest("[data-level]");
  if (list && Number(list.dataset.level) === level && list.localName !== kind) list = null;
  for (let last; list && Number(list.dataset.level) < level; list = last) {
    last = list.lastElementChild?.lastElementChild?.closest("[data-level]");
    if (!last || last === list) {
      last = makeList(list.ownerDocument, kind, level);
      list.lastElementChild.append(last);
    }
  }
  if (!list) {
    list = makeList(item.ownerDocument, kind, level);
    item.before(list);
  }
  delete item.dataset.style;
  list.append(item);
  rename(item, "li");
}

function makeList(page, kind, level) {
  const list = page.createElement(kind);
  list.dataset.level = level;
  return list;
}

function isEmpty(node) {
  return !node.querySelector("img,br") && !node.textContent.replaceAll("\u00a0", " ").trim();
}
