/** Shows the <time> in it by the reader's clock, in the page's language. Its title keeps the shop's time, with the zone.
 *  Without JavaScript the text stays as the server wrote it. */
const language = document.documentElement.lang;
const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    if (time === null || time.title) return;
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
  }
}

customElements.define("local-time", LocalTime);
