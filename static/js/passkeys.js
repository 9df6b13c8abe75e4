// Passkeys: <form data-passkey="create|get" data-options="/address/"> asks the server what is wanted, the browser for a
// key, and sends the form with the answer in its field <input data-passkey-answer>. The server judges.

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (list = []) => list.map((each) => ({ ...each, id: decode(each.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decode(options.challenge),
      user: { ...options.user, id: decode(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
  return answer(made, {
    attestationObject: encode(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function get(options) {
  const used = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: decode(options.challenge),
      allowCredentials: known(options.allowCredentials),
    },
  });
  return answer(used, {
    authenticatorData: encode(used.response.authenticatorData),
    signature: encode(used.response.signature),
    userHandle: used.response.userHandle ? encode(used.response.userHandle) : null,
  });
}

function answer(credential, response) {
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...response, clientDataJSON: encode(credential.response.clientDataJSON) },
  };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const failure = document.querySelector("[data-passkey-failure]");
  const button = form.querySelector("button[type=submit]");
  form.addEventListener("submit", async (event) => {
    const making = form.dataset.passkey === "create";
    if (making && !form.elements.name.value.trim()) return; // the server says what is missing
    event.preventDefault();
    failure.hidden = true;
    button.disabled = true;
    try {
      const response = await fetch(form.dataset.options, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      });
      if (!response.ok || response.redirected) throw new Error("no options");
      const options = await response.json();
      const answer = JSON.stringify(await (making ? create : get)(options));
      form.querySelector("[data-passkey-answer]").value = answer;
      HTMLFormElement.prototype.submit.call(form); // a field carried along may be called « submit »
    } catch {
      failure.hidden = false;
      button.disabled = false;
    }
  });
}
