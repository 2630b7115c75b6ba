// A button with data-closes closes the panel (<details>) that it stands in; what it submits is shown where the panel was.

export function closePanels() {
  document.addEventListener("click", (event) => {
    const panel = event.target.closest("[data-closes]")?.closest("details");
    if (!panel) return;
    panel.open = false;
    panel.querySelector("summary").focus({ preventScroll: true });
    panel.scrollIntoView({ block: "start" });
  });
}
