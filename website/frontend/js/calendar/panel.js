// The panel beside the grid: a class as the server describes it, with a form that moves it without a mouse.

import { moveClass, valuesOf } from "./moves.js";
import { refuse } from "./news.js";
import { fetchPart } from "./server.js";

export function preparePanel(setup, { onMoved, onFit }) {
  const panel = document.getElementById("calendar-panel");
  let opener = null;
  let shown = null; // the address of what stands in the panel
  let isMoving = false; // a second click, while the first is on its way, moves nothing

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
    if (isMoving) return;
    isMoving = true;
    const form = event.target;
    const answer = await moveClass(form.action, valuesOf(form), setup);
    if (answer.moved) close();
    if (answer.moved || answer.isOutdated) onMoved();
    if (answer.isOutdated) await bringUpToDate(form);
    isMoving = false;
  });

  // Somebody else has changed the class: the panel says how it is now, and what was typed waits to be sent again. Where
  // even that cannot be fetched, the panel stays as it is, and so does the sentence that says why.
  const bringUpToDate = async (form) => {
    const now = await fetchPart(shown, setup).catch(() => null);
    if (now === null || !panel.contains(form)) return;
    const typed = typedInto(form);
    const hadFocus = panel.contains(document.activeElement);
    panel.innerHTML = now;
    for (const [name, value] of typed) {
      const field = panel.querySelector(`form [name="${CSS.escape(name)}"]`);
      if (field) field.value = value;
    }
    onFit();
    if (hadFocus) panel.focus();
  };

  const open = async (entry) => {
    try {
      panel.innerHTML = await fetchPart(entry.extendedProps.panel, setup);
      shown = entry.extendedProps.panel;
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

// What differs from how the server had filled it in. The rest takes over what is so now.
function typedInto(form) {
  const fields = [...form.elements].filter((field) => field.name && field.value !== field.defaultValue);
  return fields.map((field) => [field.name, field.value]);
}

// The grid may have been drawn anew since: the class is known by its address.
function focusAgain(address) {
  document.querySelector(`#calendar-grid a[href="${CSS.escape(address)}"]`)?.focus();
}
