// Says to the styles that scripts run, and keeps the place in the navigation in sight on narrow screens.
const root = document.documentElement;
root.dataset.scripts = "";

const current = document.querySelector(".nav [aria-current]");
if (current && root.clientWidth <= 900) current.scrollIntoView({ block: "nearest", inline: "center" });
