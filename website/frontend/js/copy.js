// A button with data-copies="address" copies what stands in the field of that id, and says so in #address-copied.
// It is disabled until this script has come; without script it is not shown, and the field can be copied by hand.

export function copyFields() {
  for (const button of document.querySelectorAll("[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    const said = document.getElementById(`${field.id}-copied`);
    button.addEventListener("click", async () => {
      said.textContent = "";
      if (await copied(field)) said.textContent = button.dataset.copied;
    });
    button.disabled = false;
  }
}

// The clipboard is for pages over https; elsewhere the older way still works. At worst, the text is selected.
async function copied(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
