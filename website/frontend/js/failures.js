// When a part of a page cannot be fetched, say so in the message area; the sentences stand in base.html.

export function showFailures() {
  const show = (id) => {
    const area = document.getElementById("messages");
    const words = document.getElementById(id);
    if (!area || !words) return;
    area.replaceChildren(words.content.cloneNode(true));
    area.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:sendError", () => show("failure-offline"));
  document.addEventListener("htmx:timeout", () => show("failure-offline"));
  document.addEventListener("htmx:responseError", () => show("failure-answer"));
}
