// A few pages as the console writes them, under its own policy, to try styles and scripts on without a product: a list with its side panel,
// a region that changes, an event stream that a test speaks through.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const dist = new URL("../web/dist/", import.meta.url).pathname;
const files = new Map(
  readFileSync(join(dist, "manifest.txt"), "utf8").trim().split("\n").map((line) => line.split("\t")).map(([name, file, type]) => [name, { file, type }]),
);
const types = new Map([...files.values()].map(({ file, type }) => [file, type]));
const address = (name) => `/assets/${files.get(name).file}`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ROWS = ["finetune-v2.bin", "flux1-dev", "helper-model.onnx"];

const row = (name, id, open) => `<tr data-row><td class="main"><a class="main" data-open href="/models/${id}" hx-get="/models/${id}"
  hx-target="#side" hx-push-url="/models?open=${id}" hx-sync="#side:replace"${open === String(id) ? ' aria-current="true"' : ""}>${name}</a>
  <span class="sub mono">9f2c41d${id}</span></td><td class="num">4.${id} GB</td><td class="p4"><span class="sev critical">Critical</span></td></tr>`;

const panel = (id) => `<div class="panel-top"><span class="sev high">High</span><a class="close" data-close href="/models">Close</a></div>
  <h2 tabindex="-1" data-focus>${ROWS[id]}</h2><div class="copy"><code>eyeline scan</code>
  <button class="button small needs-scripts" data-copy="eyeline scan ${ROWS[id]}">Copy</button></div>`;

const list = (open) => `<div class="split"><div class="page"><header class="head"><h1>Models</h1></header><div class="region">
  <div class="bar"><div class="end"><button class="button small fresh" data-live-show="models" hidden></button></div></div>
  <table class="list"><thead><tr><th aria-sort="ascending"><a class="sort" href="?sort=-name">Model</a></th><th class="num">Size</th>
  <th class="p4">Severity</th></tr></thead><tbody>${ROWS.map((name, id) => row(name, id, open)).join("")}</tbody></table></div></div>
  <aside class="side" id="side" aria-label="Details">${open === null ? "" : panel(open)}</aside></div>`;

const overview = (state) => `<div class="page"><header class="head"><h1>Overview</h1></header>
  <section id="figures" class="figures" data-live-region aria-label="Figures"><a class="figure" href="/models"><span class="k">Models</span>
  <span class="v">${state.models}</span></a></section><p>Seen <time datetime="${state.seen}" data-relative>some time ago</time>.</p></div>`;

const page = (path, live, main) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="htmx-config" content="includeIndicatorCSS:false">
  <title>${path}</title><link rel="icon" href="${address("icon.svg")}"><link rel="stylesheet" href="${address("console.css")}">
  <script src="${address("htmx.js")}" defer></script><script src="${address("console.js")}" type="module"></script></head>
  <body class="shell"><a class="skip" href="#main">Skip to the content</a><nav class="nav" aria-label="Main">
  <a href="/" data-go="o"${path === "/" ? ' aria-current="page"' : ""}>Overview</a>
  <a href="/models" data-go="m"${path === "/models" ? ' aria-current="page"' : ""}>Models</a>
  <div class="foot"><button class="button quiet small needs-scripts" data-scheme-toggle>Colours</button></div></nav>
  <div class="body"><header class="top"><form class="query" role="search"><input type="search" name="q" aria-label="Query" data-query></form></header>
  <main id="main" tabindex="-1" data-live="${live}" hx-history-elt>${main}</main></div>
  <dialog id="keys" class="dialog" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2><form method="dialog"><button class="button">Close</button></form></dialog>
  </body></html>`;

function answer(path, query, state) {
  if (path === "/") return page(path, "models", overview(state));
  if (path === "/models") return page(path, "models", list(query.get("open")));
  const [, id] = path.match(/^\/models\/(\d)$/) ?? [];
  return id ? panel(id) : null;
}

/** Serves the pages. `state` is what they show; `tell(event, data)` speaks to every open stream and `listeners()` counts them. */
export async function serveFixture() {
  const state = { models: 318, seen: new Date(Date.now() - 3 * 60_000 - 5000).toISOString() };
  const streams = new Set();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://fixture");
    if (pathname === "/live") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
      streams.add(response);
      response.on("close", () => streams.delete(response));
      return;
    }
    const file = pathname.replace("/assets/", "");
    if (types.has(file)) {
      response.writeHead(200, { "content-type": types.get(file) }).end(readFileSync(join(dist, file)));
      return;
    }
    const body = answer(pathname, searchParams, state);
    response.writeHead(body ? 200 : 404, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY }).end(body ?? "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    state,
    listeners: () => streams.size,
    tell: (event, data) => streams.forEach((stream) => stream.write(`event: ${event}\ndata: ${data}\n\n`)),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
