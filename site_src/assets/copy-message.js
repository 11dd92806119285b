// Copies the text of an element for a message. Without a secure connection there is no clipboard;
// the text is then selected.

import { _ } from "./text.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  const message = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    // As it is shown: its lines, without the markup.
    const text = message.innerText.replace(/\n{2,}/g, "\n").trim();
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = _("Copied");
    } catch {
      getSelection().selectAllChildren(message);
      status.textContent = _("Selected: copy it with Ctrl+C");
    }
  });
}
