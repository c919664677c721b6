// `<button data-copy="TEXT">` puts the text on the clipboard and says so in its own place.
const SAID_FOR = 2000;

async function put(text) {
  // Only pages from this machine or over TLS have the newer way.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the clipboard is closed to this page");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  button.dataset.label ??= button.textContent;
  button.setAttribute("aria-live", "polite");
  try {
    await put(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy it by hand";
  }
  setTimeout(() => (button.textContent = button.dataset.label), SAID_FOR);
});
