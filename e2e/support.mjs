// The product as a person starts it: `eyeline up` with a home and a data directory of its own, the link it prints, an owner who is signed in.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openPage } from "./browser.mjs";

export { checkPage, launch, openPage, WIDTHS } from "./browser.mjs";

export const OWNER = { name: "lena", password: "a long enough password" };
const STARTS_WITHIN = 30_000;
const STOPS_WITHIN = 10_000;

/** The smallest safetensors file (the format's README, "Format"): one tensor of four bytes and the metadata given. */
export function safetensors(metadata = {}) {
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, weight: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4)]);
}

/** A pickle that would run a command if something loaded it (protocol 0: GLOBAL, STRING, TUPLE, REDUCE, STOP). */
export const pickle = (command) => Buffer.from(`cposix\nsystem\n(S'${command}'\ntR.`);

/** A home with models that a scan finds: a harmless one and one that runs code. */
export function prepareHome(home) {
  const files = {
    "models/tiny.safetensors": safetensors({ name: "tiny" }),
    "Downloads/finetune.pkl": pickle("true"),
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), content);
  }
}

/** What a program writes, and a way to wait for a part of it. */
export function transcript(child) {
  let text = "";
  const waiting = new Set();
  const tell = () => waiting.forEach((look) => look());
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      tell();
    });
  }
  const ended = new Promise((resolve) => child.on("close", resolve));
  /** The match of `pattern` as soon as it was written. */
  const match = (pattern, within) =>
    new Promise((resolve, reject) => {
      const settle = (act, value) => {
        clearTimeout(timer);
        waiting.delete(look);
        act(value);
      };
      const look = () => pattern.test(text) && settle(resolve, text.match(pattern));
      const refuse = (why) => settle(reject, new Error(`${why} ${pattern}; it wrote:\n${text}`));
      const timer = setTimeout(() => refuse(`nothing in ${within} ms like`), within);
      ended.then(() => refuse("the program ended without"));
      waiting.add(look);
      look();
    });
  return { match, ended, text: () => text };
}

/** Starts the product. `url` is its address, `link` the login link; `stop()` ends it and removes what it wrote, unless `home` or `data` were
 * given. */
export async function startProduct({ home, data, args = [] } = {}) {
  const own = mkdtempSync(join(tmpdir(), "eyeline-e2e-"));
  const place = { home: home ?? join(own, "home"), data: data ?? join(own, "data") };
  if (!home) prepareHome(place.home);
  const child = spawn(process.env.EYELINE_BIN, ["up", "--data", place.data, "--listen", "127.0.0.1:0", ...args], {
    env: { PATH: process.env.PATH, HOME: place.home, LANG: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = transcript(child);
  const stop = async (signal = "SIGTERM") => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    child.kill(signal);
    await said.ended;
    clearTimeout(timer);
    rmSync(own, { recursive: true, force: true });
  };
  try {
    const [link, url] = await said.match(/(http:\/\/[^\s/]+)\/login\/[\w-]+/, STARTS_WITHIN);
    return { ...place, url, link, child, said, stop };
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
}

/** A page on which the owner is signed in; the first time, the link makes the owner. */
export async function signIn(browser, product, options) {
  const page = await openPage(browser, options);
  await page.goto(product.link);
  await page.fill("input[name=name]", OWNER.name);
  await page.fill("input[name=password]", OWNER.password);
  await page.click("main button[type=submit]");
  await page.waitForURL(`${product.url}/`);
  return page;
}
