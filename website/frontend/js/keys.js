// A link with data-key="ArrowLeft" is also followed by that key, unless somebody is writing, choosing or scrolling a part.

const OWN_USE_OF_KEYS = "input, select, textarea, [contenteditable], [tabindex='0']";

export function followKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest(OWN_USE_OF_KEYS)) return;
    document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
}
