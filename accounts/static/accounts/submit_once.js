// A double click must not send a code twice: the second answer would greet whoever the first one has just let in with
// "this code is used".

document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});

// Coming back by the browser's button shows the page as it was left.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
