// Joins our passkey forms to allauth's ceremonies (mfa/js/webauthn.js). A form names the ceremony in `data-passkey` and
// its parts in `data-ids`. It is invisible, in its place, until its button does something: nobody presses too early, and
// it stays so where the browser knows no passkeys. Without this file all other ways to sign in work.

document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) {
    document.getElementById("passkey-unknown")?.removeAttribute("hidden");
    return;
  }
  for (const form of document.querySelectorAll("[data-passkey]")) {
    window.allauth.webauthn.forms[form.dataset.passkey]({ ids: JSON.parse(form.dataset.ids) });
    form.classList.remove("invisible");
  }
});

// allauth writes a failure to the console only; the person at the screen wants to know, too.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const problem = document.getElementById("passkey-problem");
  if (problem) problem.hidden = false;
});
