// Builds dist/: the files a browser gets besides the pages, each under a name that carries the hash of its content, with a Brotli and a gzip
// copy where that is smaller. `dist/manifest.txt` has a line for each: logical name, file name, content type, with tabs between; the build
// script of crates/console reads it. Needs `npm ci` and no network. Says what each file weighs and fails when the first page would be too heavy.
// An argument is written to dist/stamp once all is there: by it `./dev` knows what was built from what.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import subset from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const modules = join(here, "node_modules");

// What the first page may cost, as sent: styles, scripts and the two faces that every page uses.
const BUDGET = 45 * 1024;
const FIRST_PAGE = ["console.css", "console.js", "htmx.js", "inter.woff2", "mono.woff2"];

// Later styles may overrule earlier ones.
const STYLES = ["fonts", "tokens", "base", "layout", "list", "panel", "forms", "pages"];

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

// Code points from and to, both included. What the product's own words need comes first and with every page; letters that only names
// need come when one appears.
const OWN = [[0x20, 0x7e], 0xa0, 0xb7, 0xd7, 0x2013, 0x2014, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2026, 0x2191, 0x2193, 0x2212];
const LATIN = [[0xa1, 0xb6], [0xb8, 0xd6], [0xd8, 0xff], 0x131, 0x152, 0x153, 0x20ac, 0x2122];
const EXTENDED = [[0x100, 0x130], [0x132, 0x151], [0x154, 0x17f], [0x218, 0x21b], 0x1e9e];

const face = (family, name, weights, features) =>
  [["", "latin", OWN], ["-latin", "latin", LATIN], ["-extended", "latin-ext", EXTENDED]].map(([suffix, part, range]) => ({
    name: `${name}${suffix}.woff2`,
    source: join(modules, `@fontsource-variable/${family}/files/${family}-${part}-wght-normal.woff2`),
    range,
    weights,
    features,
  }));

const FONTS = [
  ...face("inter", "inter", { min: 400, max: 650 }, ["kern", "tnum"]),
  ...face("jetbrains-mono", "mono", { min: 400, max: 500 }, []),
];

const text = (...parts) => readFileSync(join(here, ...parts), "utf8");
const bounds = (range) => range.map((item) => (Array.isArray(item) ? item : [item, item]));
const unicodeRange = (range) =>
  bounds(range).map(([from, to]) => `U+${from.toString(16)}${to > from ? `-${to.toString(16)}` : ""}`).join(",");
const characters = (range) =>
  bounds(range).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i))).join("");

function cut({ source, range, weights, features }) {
  const options = { targetFormat: "woff2", variationAxes: { wght: weights }, keepFeatures: features, noHinting: true };
  return subset(readFileSync(source), characters(range), options);
}

// Comments and indentation are for those who read the source.
const tight = (css) =>
  css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s*\n\s*/g, "\n").replace(/ ?([{};,]) ?/g, "$1").replace(/;}/g, "}").replace(/\n/g, "").trim();
const bare = (js) => js.replace(/^\s*\/\/.*\n/gm, "").replace(/^ +/gm, "").replace(/\n{2,}/g, "\n").trim();

// Each file of js/ is a module that shares nothing with the others, so a block is all it needs around it.
const scripts = () =>
  readdirSync(join(here, "js")).filter((name) => name.endsWith(".js")).sort().map((name) => `{\n${bare(text("js", name))}\n}`).join("\n");

const styles = (files) =>
  tight(STYLES.map((name) => text("css", `${name}.css`)).join("\n"))
    .replace(/asset\(([^)]+)\)/g, (_, name) => files.get(name).path)
    .replace(/range\(([^)]+)\)/g, (_, name) => unicodeRange(FONTS.find((font) => font.name === name).range));

const licenses = () =>
  ["htmx.org", "@fontsource-variable/inter", "@fontsource-variable/jetbrains-mono"]
    .map((name) => `${name}\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8").trim()}\n`)
    .join("\n\n");

function packed(body) {
  const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } });
  return { br: brotli, gz: gzipSync(body, { level: 9 }) };
}

function put(files, name, content) {
  const body = Buffer.from(content);
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const type = extname(name);
  const path = `${name.slice(0, -type.length)}.${hash}${type}`;
  const copies = type === ".woff2" ? {} : packed(body);
  files.set(name, { path, body, copies, type: TYPES[type], sent: Math.min(body.length, copies.br?.length ?? Infinity) });
}

function write(files) {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const { path, body, copies } of files.values()) {
    writeFileSync(join(dist, path), body);
    for (const [suffix, copy] of Object.entries(copies)) {
      if (copy.length < body.length) writeFileSync(join(dist, `${path}.${suffix}`), copy);
    }
  }
  // Last, so that a manifest vouches for everything that it names.
  writeFileSync(join(dist, "manifest.txt"), [...files].map(([name, { path, type }]) => `${name}\t${path}\t${type}\n`).join(""));
  writeFileSync(join(dist, "stamp"), process.argv[2] ?? "");
}

const files = new Map();
for (const font of FONTS) put(files, font.name, await cut(font));
put(files, "console.css", styles(files));
put(files, "console.js", scripts());
put(files, "htmx.js", readFileSync(join(modules, "htmx.org/dist/htmx.min.js")));
put(files, "icon.svg", text("icon.svg").trim());
put(files, "licenses.txt", licenses());

for (const [name, { body, sent }] of files) console.error(`web: ${name.padEnd(22)} ${String(body.length).padStart(7)} bytes, ${String(sent).padStart(6)} sent`);
const total = FIRST_PAGE.reduce((sum, name) => sum + files.get(name).sent, 0);
console.error(`web: a first page brings ${total} of the ${BUDGET} bytes it may`);
if (total > BUDGET) {
  console.error(`web: ${total - BUDGET} bytes over: take something out of ${FIRST_PAGE.join(", ")}`);
  process.exit(1);
}
write(files);
