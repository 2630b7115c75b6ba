// A form that is on its way is not sent again: a double click, or Enter pressed twice, would do the same thing twice.
// No button is disabled, since a disabled one does not send its name and value. Where a script sends the form itself
// (htmx, the calendar's panel), it says itself when the next one may go.

const PATIENCE = 15 * 1000; // answers that leave the page where it is (a download, "stop") tell nobody that they came

export function sendOnce() {
  const onTheirWay = new Map();

  const release = (form) => {
    clearTimeout(onTheirWay.get(form));
    onTheirWay.delete(form);
    form.removeAttribute("aria-busy");
  };

  const holdBack = (event) => {
    if (!onTheirWay.has(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const remember = (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
    onTheirWay.set(form, setTimeout(release, PATIENCE, form));
    form.setAttribute("aria-busy", "true");
  };

  window.addEventListener("submit", holdBack, { capture: true });
  window.addEventListener("submit", remember); // after all others, which may have kept it from being sent
  window.addEventListener("pageshow", () => [...onTheirWay.keys()].forEach(release)); // also when it comes back by "back"
}
