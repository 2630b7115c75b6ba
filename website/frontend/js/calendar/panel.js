// The panel beside the grid: a class as the server describes it, with a form that moves it without a mouse.

import { moveClass, valuesOf } from "./moves.js";
import { refuse } from "./news.js";
import { fetchPart } from "./server.js";

export function preparePanel(setup, { onMoved, onFit }) {
  const panel = document.getElementById("calendar-panel");
  let opener = null;

  const close = () => {
    if (panel.hidden) return;
    panel.hidden = true;
    panel.replaceChildren();
    onFit();
    focusAgain(opener);
  };

  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) close();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  panel.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await moveClass(event.target.action, valuesOf(event.target), setup);
    if (answer.moved) close();
    if (answer.moved || answer.isOutdated) onMoved();
  });

  const open = async (entry) => {
    try {
      panel.innerHTML = await fetchPart(entry.extendedProps.panel, setup);
    } catch (error) {
      refuse(error.message);
      return;
    }
    opener = entry.url;
    panel.hidden = false;
    onFit();
    panel.focus();
    panel.scrollIntoView({ block: "nearest" });
  };
  return { open, close };
}

// The grid may have been drawn anew since: the class is known by its address.
function focusAgain(address) {
  document.querySelector(`#calendar-grid a[href="${CSS.escape(address)}"]`)?.focus();
}
