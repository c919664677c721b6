// The console's own scripts and styles, on pages of a fixture: what they promise holds whatever the pages show.
import assert from "node:assert/strict";
import test, { after, afterEach, before, beforeEach } from "node:test";
import { checkPage, launch, openPage } from "./browser.mjs";
import { serveFixture } from "./fixture.mjs";

let browser;
let fixture;
let page;

before(async () => {
  browser = await launch();
  fixture = await serveFixture();
});
after(async () => {
  await browser?.close();
  fixture?.stop();
});
beforeEach(async () => {
  page = await openPage(browser);
});
afterEach(async () => {
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
const current = () => page.locator("[data-open][aria-current]").textContent();
const go = (path) => page.goto(fixture.url + path);
const panelOf = (name) => page.locator("#side h2", { hasText: name }).waitFor();

test("every pattern passes in both schemes at every width", async () => {
  for (const [path, name] of [["/", "fixture-overview"], ["/models", "fixture-list"], ["/models?open=0", "fixture-panel"]]) {
    await go(path);
    await checkPage(page, name);
  }
});

test("a list is worked with the keyboard alone", async () => {
  await go("/models");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  assert.equal(await focused(), "finetune-v2.bin");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await panelOf("flux1-dev");
  await page.waitForURL("**/models?open=1");
  await page.waitForFunction(() => document.activeElement.matches("#side h2"));
  assert.equal(await current(), "flux1-dev");

  await page.keyboard.press("j");
  await panelOf("helper-model.onnx");
  await page.keyboard.press("k");
  await panelOf("flux1-dev");
  await page.waitForURL("**/models?open=1");

  await page.keyboard.press("Escape");
  await page.waitForURL("**/models");
  assert.equal(await page.locator("#side").isVisible(), false);
  assert.equal(await focused(), "flux1-dev");
});

test("going back opens the panel again", async () => {
  await go("/models");
  await page.click("text=flux1-dev");
  await panelOf("flux1-dev");
  await page.click("[data-close]");
  await page.waitForURL("**/models");
  await page.goBack();
  await panelOf("flux1-dev");
  assert.match(page.url(), /open=1$/);
});

test("a click anywhere on a row opens it, and a word being selected does not", async () => {
  await go("/models");
  await page.click("text=4.2 GB");
  await panelOf("helper-model.onnx");
  await page.dblclick("text=4.0 GB");
  assert.notEqual(await page.evaluate(() => String(getSelection())), "");
});

test("a question mark shows the keys, g and a letter change the page", async () => {
  await go("/models");
  await page.keyboard.press("?");
  await page.locator("dialog#keys[open]").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Escape");
  await page.locator("dialog#keys").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.waitForURL(`${fixture.url}/`);
});

test("keys that are typed into the query stay there", async () => {
  await go("/models");
  await page.fill("[data-query]", "");
  await page.locator("[data-query]").pressSequentially("j?g/o");
  assert.equal(await page.inputValue("[data-query]"), "j?g/o");
});

test("the choice of colours beats the system and is kept", async () => {
  await go("/");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  assert.equal(await ground(), "light dark");
  const toggle = page.locator("[data-scheme-toggle]");
  await toggle.click();
  assert.equal(await ground(), "light");
  await toggle.click();
  assert.equal(await ground(), "dark");
  assert.equal(await toggle.textContent(), "Colours: dark");
  assert.deepEqual((await page.context().cookies()).map(({ name, value, sameSite }) => [name, value, sameSite]), [["eyeline_scheme", "dark", "Lax"]]);
});

test("a time is told from now, with the exact one beside it", async () => {
  await go("/");
  const time = page.locator("time");
  assert.equal(await time.textContent(), "3 min ago");
  assert.match(await time.getAttribute("title"), /\d{4}.*\d{2}/);
});

test("a command is copied and said to be", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await go("/models?open=1");
  await page.click("[data-copy]");
  await page.locator("[data-copy]", { hasText: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "eyeline scan flux1-dev");
});

test("a region takes its new content in place when the server says so", async () => {
  const opened = page.waitForResponse("**/live");
  await go("/");
  await opened;
  await page.focus(".figure");
  fixture.state.models = 319;
  fixture.tell("models", 1);
  await page.locator(".figure .v", { hasText: "319" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), "figure");
});

test("a list does not move under the reader: it says how much changed", async () => {
  const opened = page.waitForResponse("**/live");
  await go("/models");
  await opened;
  const before = await page.locator("tbody").innerHTML();
  fixture.tell("models", 2);
  fixture.tell("models", 1);
  await page.locator("[data-live-show]", { hasText: "3 changes — show" }).waitFor();
  assert.equal(await page.locator("tbody").innerHTML(), before);
});
