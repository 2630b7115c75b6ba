// A page that the browser brings back from its memory ("back" after a booking) may show places that are gone by now:
// pages about places and bookings load again, and forms that listen for `come-back` ask again.

export function refreshOnReturn() {
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    if (document.querySelector("[data-reload-on-return]")) {
      window.location.reload();
      return;
    }
    for (const form of document.querySelectorAll("form[hx-trigger~='come-back']")) window.htmx.trigger(form, "come-back");
  });
}
