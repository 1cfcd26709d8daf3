// What the pages do beyond HTML: opening a dialog, and no polling while nobody looks. Everything works without it.
"use strict";

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog && dialog.showModal && plain) {
    event.preventDefault();
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
  }
});

// A link that is shown as a button also answers to the space bar, as buttons do.
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("a[role=button]")) {
    event.preventDefault();
    event.target.click();
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.id === "poller") {
    event.preventDefault();
  }
});

// A value that is shown once can be copied, where the browser lets a page do so.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = button.dataset.done;
  });
}
