/** Writes what the editor shows as clean HTML, each block on its own line. */
import { clean, parse, rename, unwrap } from "./clean-html.js";

const BLOCKS = "p,h1,h2,h3,h4,h5,h6,ul,ol,li,dl,dt,dd,table,blockquote,pre,div,figure,details";
const LINE_AFTER =
  /(<\/(?:p|h[1-6]|ul|ol|li|dl|dt|dd|table|caption|thead|tbody|tfoot|tr|blockquote|pre|div|figure|figcaption|details|summary)>|<(?:ul|ol|dl|table|thead|tbody|tfoot|tr|blockquote|figure|details)(?: [^>]*)?>|<hr>)/g;

/** Returns the HTML to store of what the editor shows; `allowed` is what the server keeps. */
export function writeHtml(html, allowed) {
  const { body } = parse(html);
  for (const node of body.querySelectorAll("[data-was]")) rename(node, node.dataset.was);
  for (const node of body.querySelectorAll("b")) rename(node, "strong");
  for (const node of body.querySelectorAll("i")) rename(node, "em");
  for (const picture of body.querySelectorAll("img[data-src]")) picture.setAttribute("src", picture.dataset.src);
  clean(body, allowed);
  for (const node of body.querySelectorAll("span")) if (!node.attributes.length) unwrap(node);
  for (const node of [...body.querySelectorAll("div")].reverse()) writeDivision(node);
  for (const node of body.querySelectorAll("li > p:only-child, td > p:only-child, th > p:only-child")) unwrap(node);
  for (const br of body.querySelectorAll("br")) removeFiller(br);
  while (isEmpty(body.lastElementChild)) body.lastElementChild.remove();
  while (isEmpty(body.firstElementChild)) body.firstElementChild.remove();
  return body.innerHTML.replace(LINE_AFTER, "$1\n").trim();
}

/** The editor wraps lines in divisions: those of an item or a cell need none, others are paragraphs. */
function writeDivision(node) {
  if (node.attributes.length || node.querySelector(BLOCKS)) return;
  const first = node.matches("li > :first-child, dd > :first-child");
  if (first || node.matches("td > :only-child, th > :only-child, figure > *")) unwrap(node);
  else rename(node, "p");
}

/** A line break at the end of a block shows nothing; the editor needs it in an empty one. */
function removeFiller(br) {
  const block = br.closest(`${BLOCKS},td,th,summary,caption,figcaption`);
  if (!block || br.nextSibling || br.parentNode !== block) return;
  if (br.previousSibling || block.matches("td,th")) br.remove();
}

function isEmpty(node) {
  return Boolean(node?.matches("p,div")) && !node.querySelector("img,hr,table") && !node.textContent.trim();
}
