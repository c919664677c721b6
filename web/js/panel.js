// The side panel: the row that is open is marked, the heading of what came takes the focus, closing gives it back to the row. Everything
// works without this file: rows and `[data-close]` are links.
const side = () => document.querySelector("#side");
const opened = () => document.querySelector("[data-open][aria-current]");

function mark(link) {
  opened()?.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
}

function close(link) {
  const row = opened();
  side().replaceChildren();
  // As htmx leaves it, so that going back opens the panel again.
  history.pushState({ htmx: true }, "", link.href);
  mark(null);
  row?.focus();
}

// A click anywhere on a row opens it, unless it meant something else: another link, a button, a word being selected.
function rowOf(target) {
  if (target.closest("a, button, input, select, textarea, label, summary") || String(getSelection())) return null;
  return target.closest("[data-row]")?.querySelector("[data-open]");
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented && !event.target.closest("[data-open]")) return;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const closing = event.target.closest("[data-close]");
  if (closing && plain && closing.closest("#side")) {
    event.preventDefault();
    close(closing);
    return;
  }
  const link = event.target.closest("[data-open]");
  if (link && plain && side()) mark(link);
  else if (!link) rowOf(event.target)?.click();
});

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  if (!side() || (target !== side() && !target?.contains(side()))) return;
  side().scrollTop = 0;
  side().querySelector("[data-focus]")?.focus({ preventScroll: true });
});
