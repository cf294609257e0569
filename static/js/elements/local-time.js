/** Shows the <time> in it by the reader's clock, in the page's language. Its title keeps the shop's time, with the zone.
 *  Without JavaScript the text stays as the server wrote it. In the back office it stays too, since forms, takings and
 *  letters have the shop's time; there the title is the reader's. */
const language = `${document.documentElement.lang}-u-nu-latn`; // the digits in which the server writes
const dateStyle = language.startsWith("ja") ? "long" : "medium"; // as the server writes it: 2026年11月29日
const isOffice = document.documentElement.classList.contains("office");
const format = new Intl.DateTimeFormat(language, { dateStyle, timeStyle: "short" });

/** Returns a text with ordinary spaces; servers and browsers differ in them. */
function plain(text) {
  return text.replace(/\s+/g, " ");
}

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const here = format.format(new Date(time.dateTime));
    if (isOffice) {
      time.title = here;
      return;
    }
    time.title = time.textContent;
    // The reader's clock is the shop's: a text that stays moves nothing on the page.
    if (!plain(time.textContent).startsWith(plain(here))) time.textContent = here;
  }

  disconnectedCallback() {
    const time = this.querySelector("time");
    if (!isOffice) time.textContent = time.title;
  }
}

customElements.define("local-time", LocalTime);
