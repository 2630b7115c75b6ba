// Sending a move. Where a class belongs to a series, or people are told, the server answers with a question first.

import { refuse, say } from "./news.js";
import { send } from "./server.js";

export async function moveClass(address, values, setup) {
  try {
    const answer = await send(address, values, setup);
    if (!answer.question) return done(answer);
    const chosen = await askFor(answer.question);
    return chosen ? moveClass(address, { ...values, ...chosen }, setup) : { moved: false };
  } catch (error) {
    refuse(error.message);
    return { moved: false, isOutdated: error.code === "changed_meanwhile" };
  }
}

function done(answer) {
  say(answer.said);
  return { moved: true };
}

function askFor(question) {
  const dialog = document.getElementById("calendar-ask");
  dialog.innerHTML = question;
  dialog.returnValue = "no"; // what Escape leaves it at
  dialog.showModal();
  return new Promise((resolve) => {
    const answer = () => resolve(dialog.returnValue === "yes" ? valuesOf(dialog.querySelector("form")) : null);
    dialog.addEventListener("close", answer, { once: true });
  });
}

export function valuesOf(form) {
  return Object.fromEntries(new FormData(form));
}
