/** A form that a passkey answers (WebAuthn): shows the form inside where the browser has passkeys; its button asks for
 *  one, puts the browser's answer into the field marked `data-answer`, and sends the form.
 *  `data-act` is "create" or "get", `data-options` the options as JSON with binary values in base64url; `data-tick` names
 *  a tick box in another form of the page that counts for this one, too. */
class PasskeyForm extends HTMLElement {
  #abort = new AbortController();

  connectedCallback() {
    if (!window.PublicKeyCredential) return;
    const form = this.querySelector("form");
    form.hidden = false;
    form.addEventListener("submit", (event) => this.#submit(event, form), { signal: this.#abort.signal });
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  async #submit(event, form) {
    event.preventDefault();
    const button = form.querySelector("button");
    const status = form.querySelector("[data-status]");
    status.textContent = "";
    button.disabled = true;
    try {
      const publicKey = readOptions(JSON.parse(this.dataset.options));
      const credential = await navigator.credentials[this.dataset.act]({ publicKey, signal: this.#abort.signal });
      form.querySelector("[data-answer]").value = JSON.stringify(describe(credential));
      this.#copyTick(form);
      form.submit();
    } catch {
      status.textContent = this.dataset.failed; // the person said no, or the time is up
      button.disabled = false;
    }
  }

  #copyTick(form) {
    const name = this.dataset.tick;
    const box = name && document.querySelector(`input[name="${name}"]:checked`);
    if (!box) return;
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value: box.value });
    form.append(field);
  }
}

/** Returns the options with their binary values as bytes. */
function readOptions(options) {
  const lists = {};
  for (const name of ["allowCredentials", "excludeCredentials"]) {
    if (options[name]) lists[name] = options[name].map((one) => ({ ...one, id: toBytes(one.id) }));
  }
  const user = options.user && { user: { ...options.user, id: toBytes(options.user.id) } };
  return { ...options, ...lists, ...user, challenge: toBytes(options.challenge) };
}

/** Returns the browser's answer in the JSON form of WebAuthn. */
function describe(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const found = parts.filter((name) => response[name]).map((name) => [name, toText(response[name])]);
  const id = toText(credential.rawId);
  const transports = response.getTransports ? { transports: response.getTransports() } : {};
  return { id, rawId: id, type: credential.type, response: { ...Object.fromEntries(found), ...transports } };
}

function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

customElements.define("passkey-form", PasskeyForm);
