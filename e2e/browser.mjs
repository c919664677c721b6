// Chromium, and what every page must hold in it. Knows nothing of how the product is started.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];

/** The widths at which a page must not scroll sideways: a wide screen, the same at 200 % zoom, a telephone. */
export const WIDTHS = [1440, 720, 360];
const HEIGHT = 900;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // The sandbox does not start for root, which continuous integration often is.
    chromiumSandbox: process.getuid() !== 0,
  });
}

/** A page in a context of its own, which remembers what `checkPage` wants to know: `page.problems` and `page.policy`. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: WIDTHS[0], height: HEIGHT }, colorScheme: "light", ...options });
  const page = await context.newPage();
  page.problems = [];
  page.policy = null;
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.problems.push(message.text()));
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("response", (response) => {
    if (response.request().isNavigationRequest()) page.policy = response.headers()["content-security-policy"] ?? "";
  });
  return page;
}

async function breaches(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => window.axe.run({ runOnly: tags }).then(({ violations }) => violations), RULES);
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}

async function picture(page, name) {
  const folder = process.env.EYELINE_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

async function eachScheme(page, visit) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await visit(scheme);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** No breach of WCAG 2.2 AA or of good practice in either scheme at any width, nothing that scrolls sideways, no complaint of the browser and a
 * policy that lets no inline code run. `name` is that of the pictures in `$EYELINE_SCREENSHOTS`. */
export async function checkPage(page, name) {
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(tooWide <= 0, `${name} scrolls sideways by ${tooWide} px at ${width} px`);
    await eachScheme(page, async (scheme) => {
      assert.deepEqual(await breaches(page), [], `${name}, ${scheme}, ${width} px`);
      await picture(page, `${name}-${width}-${scheme}`);
    });
  }
  await page.setViewportSize({ width: WIDTHS[0], height: HEIGHT });
  assert.match(page.policy ?? "", /default-src 'none'/, `${name} has no policy`);
  assert.doesNotMatch(page.policy, /unsafe-/, `${name} lets inline code run`);
  assert.deepEqual(page.problems, [], `the browser complains about ${name}`);
}
