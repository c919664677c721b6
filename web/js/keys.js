// The keyboard: `/` the query, `j` and `k` the rows, Enter opens (a row is a link), Esc closes, `?` the list of keys, `g` and a letter a page.
// What the letters are stands in the page: `[data-query]`, `[data-row]`, `[data-open]`, `[data-close]`, `dialog#keys`, `[data-go="f"]`.
const GO_WITHIN = 1500;
let going = 0;

const typing = (element) => element.isContentEditable || element.matches("input:not([type=checkbox], [type=radio]), textarea, select");
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
const linkOf = (row) => (row.matches("a") ? row : (row.querySelector("[data-open]") ?? row.querySelector("a")));

function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const from = at >= 0 ? at : all.findIndex((row) => row.querySelector("[data-open][aria-current]"));
  const next = all[from < 0 ? 0 : Math.min(Math.max(from + step, 0), all.length - 1)];
  if (!next) return;
  linkOf(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  // With a panel open one reads through the list.
  if (document.querySelector("#side > *") && next !== all[from]) linkOf(next)?.click();
}

function escape() {
  const closing = document.querySelector("#side [data-close]");
  if (typing(document.activeElement)) document.activeElement.blur();
  else if (closing) closing.click();
  else return false;
  return true;
}

const acts = {
  "/": () => document.querySelector("[data-query]")?.select(),
  j: () => move(1),
  k: () => move(-1),
  "?": () => document.querySelector("dialog#keys")?.showModal(),
  g: () => (going = Date.now()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (escape()) event.preventDefault();
    return;
  }
  if (typing(event.target)) return;
  const page = Date.now() - going < GO_WITHIN && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  if (!page && !Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  if (page) page.click();
  else acts[event.key]();
  if (event.key !== "g") going = 0;
});
