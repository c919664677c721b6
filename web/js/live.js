// What changes while one reads. `[data-live="findings devices"]` names the events of `/live` that matter to a page. On one of them the page is
// asked for again and its `[data-live-region]` elements, found by their id, take their new content in place. A list does not move under the
// reader: its `[data-live-show="models"]` button says how much changed and shows it when pressed. The data of an event is a count.
const QUIET = 2000;
const names = () => new Set(document.querySelector("[data-live]")?.dataset.live.split(/\s+/).filter(Boolean));
let source = null;
let listened = "";
let waiting = false;
let missed = false;

const held = (region) => region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");

async function refresh() {
  const regions = document.querySelectorAll("[data-live-region][id]");
  if (!regions.length) return;
  const address = location.href;
  const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || address !== location.href) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of regions) {
    const fresh = page.getElementById(region.id);
    if (!fresh || held(region) || fresh.innerHTML === region.dataset.last) continue;
    region.dataset.last = fresh.innerHTML;
    const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    region.replaceChildren(...fresh.childNodes);
    if (focused) region.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    window.htmx?.process(region);
  }
  document.dispatchEvent(new CustomEvent("eyeline:refreshed"));
}

// One answer for a burst of events.
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    refresh();
  }, QUIET);
}

function count(name, amount) {
  for (const button of document.querySelectorAll(`[data-live-show~="${CSS.escape(name)}"]`)) {
    const changes = Number(button.dataset.changes ?? 0) + amount;
    button.dataset.changes = changes;
    button.textContent = changes === 1 ? "1 change — show" : `${changes} changes — show`;
    button.hidden = false;
  }
}

function hear(event) {
  count(event.type, Math.max(Number.parseInt(event.data, 10) || 1, 1));
  soon();
}

// A connection for each page that is looked at, and none for those that are not: a browser has few for one server.
function connect() {
  const wanted = document.hidden ? "" : [...names()].sort().join(" ");
  if (wanted === listened) return;
  missed ||= Boolean(listened);
  source?.close();
  source = null;
  listened = wanted;
  if (!wanted) return;
  source = new EventSource("/live");
  for (const name of names()) source.addEventListener(name, hear);
  if (missed) soon();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-live-show]")) location.reload();
});
document.addEventListener("visibilitychange", connect);
document.addEventListener("htmx:after:swap", connect);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  listened = "";
  missed = true;
  connect();
});
connect();
