// `<time datetime="RFC 3339" data-relative>`: keeps "3 min ago" true and puts the exact time, in the person's own zone, where one hovers.
// The words are those of the server, so that a page does not change when scripts start.
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

function words(then, now) {
  const seconds = Math.round((now - then) / 1000);
  const [far, count] = [Math.abs(seconds), (unit) => Math.floor(Math.abs(seconds) / unit)];
  const said = (amount) => (seconds < 0 ? `in ${amount}` : `${amount} ago`);
  if (far < MINUTE) return "just now";
  if (far < HOUR) return said(`${count(MINUTE)} min`);
  if (far < DAY) return said(`${count(HOUR)} h`);
  if (far < 2 * DAY) return seconds < 0 ? "tomorrow" : "yesterday";
  if (far < 30 * DAY) return said(`${count(DAY)} days`);
  return date.format(then);
}

function tell() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[datetime]")) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    if (!element.title) element.title = exact.format(then);
    if (!("relative" in element.dataset)) continue;
    const said = words(then, now);
    if (element.textContent !== said) element.textContent = said;
  }
}

setInterval(tell, 60_000);
for (const event of ["htmx:after:swap", "eyeline:refreshed"]) document.addEventListener(event, tell);
document.addEventListener("visibilitychange", tell);
tell();
