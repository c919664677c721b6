// `<button data-scheme-toggle>`: the system's colours, then light, then dark. The choice lives in a cookie, so that the server can put it on
// the next page before anything is drawn.
const CHOICES = ["system", "light", "dark"];
const root = document.documentElement;
const chosen = () => (CHOICES.includes(root.dataset.scheme) ? root.dataset.scheme : "system");

function show() {
  const words = { system: "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };
  for (const button of document.querySelectorAll("[data-scheme-toggle]")) button.textContent = words[chosen()];
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-scheme-toggle]")) return;
  const next = CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length];
  if (next === "system") delete root.dataset.scheme;
  else root.dataset.scheme = next;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `eyeline_scheme=${next}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  show();
});
document.addEventListener("htmx:after:swap", show);
show();
