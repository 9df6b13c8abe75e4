// Two minutes before a session ends for want of activity, says so and offers to stay (Q14). Other tabs and the saving of
// a form keep the session alive too: before saying anything, the server is asked how long is left, which does not count
// as activity.
const WARNING = 120;
const dialog = document.getElementById("session-warning");
const text = dialog?.querySelector("[data-session-text]");
const form = dialog?.querySelector("form");
const over = dialog?.querySelector("[data-session-over]");
const title = document.title;
let timer;

function wait(seconds, then) {
  clearTimeout(timer);
  timer = setTimeout(then, Math.max(0, seconds) * 1000);
}

async function left(options) {
  const response = await fetch(dialog.dataset.session, { ...options, credentials: "same-origin" });
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()).seconds;
}

function end() {
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("h2").textContent = "Votre session est terminée";
  text.textContent = "Ce qui était affiché reste sur cette page. Connectez-vous dans un nouvel onglet, puis revenez ici.";
  form.hidden = true;
  over.hidden = false;
  document.title = `Session terminée – ${title}`;
  dialog.querySelector("h2").focus();
}

function follow(seconds) {
  if (seconds <= 0) return end();
  if (seconds > WARNING) {
    if (dialog.open) dialog.close();
    document.title = title;
    return wait(seconds - WARNING, look);
  }
  const at = new Date(Date.now() + seconds * 1000);
  const clock = at.toLocaleTimeString("fr-FR", { hour: "numeric", minute: "2-digit" }).replace(":", "\u00a0h\u00a0");
  text.textContent = `Sans action de votre part, vous serez déconnecté à ${clock}.`;
  if (!dialog.open) {
    dialog.showModal();
    document.title = `Votre session va se terminer – ${title}`;
  }
  wait(seconds, look);
}

// A network that is away says nothing of the session: it is asked again a little later.
const look = () => left().then(follow, () => wait(10, look));

if (dialog?.showModal) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    left({ method: "POST", body: new FormData(form) }).then(follow, () => form.submit());
  });
  wait(Number(dialog.dataset.seconds) - WARNING, look);
  // A computer that slept, a tab that comes back.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
}
