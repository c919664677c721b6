// What people do in the console, on the product as it runs: every list is asked, sorted and exported, a finding is decided, all of it also with
// the keyboard alone, on a telephone, and without scripts for reading.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { OWNER, checkPage, launch, openPage, pickle, prepareHome, safetensors, signIn, startProduct } from "./support.mjs";

const LISTS = ["findings", "models", "runtimes", "agents", "devices", "records"];
const MODELS = 60;

let browser;
let folder;
let product;
let page;

/** A home with more models than a page of the list has, and one that runs code when it is loaded. */
function fill(home) {
  prepareHome(home);
  mkdirSync(join(home, "many"), { recursive: true });
  for (let at = 0; at < MODELS; at += 1) {
    writeFileSync(join(home, "many", `model-${String(at).padStart(2, "0")}.safetensors`), safetensors({ name: `model ${at}`, license: at % 2 ? "mit" : "cc-by-nc-4.0" }));
  }
  writeFileSync(join(home, "many", "attack.pkl"), pickle("id"));
}

before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), "eyeline-console-"));
  const home = join(folder, "home");
  fill(home);
  product = await startProduct({ home, data: join(folder, "data"), args: ["--root", home] });
  page = await signIn(browser, product);
  await page.locator(".nav a", { hasText: "Models" }).locator(".count", { hasText: /[1-9]/ }).waitFor();
});
after(async () => {
  await browser?.close();
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const go = (path) => page.goto(product.url + path);
const rows = () => page.locator("#list [data-row]");
const quiet = () => assert.deepEqual(page.problems.splice(0), []);
const opened = () => page.locator("#side h2").first();

test("the first scan shows itself on the overview", async () => {
  await go("/");
  await page.locator("#lead b", { hasText: /need/ }).waitFor();
  assert.match(await page.locator("#lead").textContent(), /on this machine|No model appeared/);
  await checkPage(page, "overview");
});

for (const list of LISTS) {
  test(`${list}: the page holds for everybody`, async () => {
    await go(`/${list}`);
    assert.equal(await page.locator("h1").textContent(), list[0].toUpperCase() + list.slice(1));
    await checkPage(page, list);
  });

  test(`${list}: a query that is not understood says what is wrong`, async () => {
    await go(`/${list}`);
    await page.fill("#q", "nosuchfield:1");
    await page.press("#q", "Enter");
    await page.locator("#q-problem", { hasText: "there is no field" }).waitFor({ state: "visible" });
    assert.equal(await rows().count(), 0);
    quiet();
  });

  test(`${list}: an export has a line for each row that matches`, async () => {
    await go(`/${list}`);
    const [csv, json] = await Promise.all(["csv", "json"].map((kind) => page.request.get(`${product.url}/${list}.${kind}`)));
    const items = await json.json();
    assert.equal((await csv.text()).trimEnd().split("\n").length >= items.length + 1, true);
    const matches = (await page.locator("#list .lead").textContent()).match(/[\d,]+/)?.[0].replace(",", "") ?? "0";
    if (await rows().count()) assert.equal(items.length, Number(matches));
  });
}

test("a list begins with what needs a look, and everything is one query away", async () => {
  for (const [list, usual] of [["findings", "state:open -severity:info"], ["models", "-role:data"], ["agents", "state:running,installed"], ["devices", ""]]) {
    await go("/");
    const link = page.locator(`.nav a[href="/${list}"]`);
    const number = Number((await link.locator(".count").textContent()).replace(",", ""));
    await link.click();
    await page.waitForURL(`${product.url}/${list}`);
    assert.equal(await page.inputValue("#q"), usual);
    if (number) assert.equal(Number((await page.locator("#list .lead b").textContent()).match(/[\d,]+/)[0].replace(",", "")), number, list);
    await page.fill("#q", "");
    await page.press("#q", "Enter");
    await page.waitForURL(/\?q=$/);
    await page.reload();
    assert.equal(await page.inputValue("#q"), "");
  }
  await go("/models?q=nosuchmodel");
  await page.locator("#list a", { hasText: "show everything" }).click();
  await page.waitForURL(/\?q=$/);
  assert.equal(await rows().count(), 50);
  quiet();
});

test("one machine is asked to look again from the overview", async () => {
  await go("/");
  await page.locator(".head button", { hasText: "Scan now" }).click();
  await page.waitForURL(/\/\?done=rescan/);
  await page.locator(".toast", { hasText: "look again" }).waitFor();
  quiet();
});

test("a list is asked, sorted and paged, and its address says so", async () => {
  await go("/models");
  assert.equal(await rows().count(), 50);
  await page.locator(".pager a", { hasText: "Next" }).click();
  await page.waitForURL(/after=/);
  await page.locator(".pager", { hasText: "That is all" }).waitFor();
  await page.locator(".pager a", { hasText: "Back to the first" }).click();
  await page.waitForURL((url) => !url.search.includes("after="));

  await page.fill("#q", "commercial:no");
  await page.press("#q", "Enter");
  await page.waitForURL(/q=commercial/);
  await page.locator("#list .lead", { hasText: "match" }).waitFor();
  const before = await rows().count();
  assert.ok(before > 0 && before < MODELS);

  await page.locator("th a", { hasText: "Size" }).click();
  await page.waitForURL(/sort=-size/);
  await page.locator('th[aria-sort="descending"]', { hasText: "Size" }).waitFor();
  assert.equal(await rows().count(), before);
  await page.reload();
  assert.equal(await rows().count(), before);
  assert.equal(await page.inputValue("#q"), "commercial:no");
  quiet();
});

test("a chip asks, and asks no more when it is pressed again", async () => {
  await go("/models");
  const chip = page.locator(".chip", { hasText: "No commercial use" });
  await chip.click();
  await page.waitForURL(/commercial/);
  assert.equal(await chip.getAttribute("aria-current"), "true");
  assert.equal(await page.inputValue("#q"), "-role:data commercial:no");
  await page.locator("th a", { hasText: "Size" }).click();
  await page.waitForURL(/sort=-size/);
  await page.focus("#q");
  await page.press("#q", "Enter");
  await page.waitForURL(/commercial.*sort=-size/);
  await chip.click();
  await page.waitForURL((url) => !url.search.includes("commercial"));
  assert.equal(await page.inputValue("#q"), "-role:data");
});

test("a row opens beside the list, under an address of its own, and going back closes it", async () => {
  await go("/models");
  const name = await page.locator("[data-open]").first().textContent();
  await page.locator("[data-open]").first().click();
  await opened().filter({ hasText: name }).waitFor();
  assert.match(page.url(), /open=/);
  await page.reload();
  await opened().filter({ hasText: name }).waitFor();
  await checkPage(page, "models-open");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("open="));
  quiet();
});

test("on a telephone a list still says what is grave", async () => {
  await go("/models?q=severity:medium,high,critical");
  const mark = page.locator("td.main .in4 .sev").first();
  await mark.waitFor({ state: "hidden" });
  await page.setViewportSize({ width: 360, height: 740 });
  await mark.waitFor({ state: "visible" });
  await page.setViewportSize({ width: 1440, height: 900 });
  quiet();
});

test("with colours of the reader's own one sees where one is and what is asked", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await go("/models");
  const look = (selector, property) => page.locator(selector).first().evaluate((one, name) => getComputedStyle(one)[name], property);
  assert.notEqual(await look(".nav a[aria-current]", "borderLeftColor"), await look(".nav a:not([aria-current], .brand)", "borderLeftColor"));
  assert.notEqual(await look(".chip[aria-current]", "backgroundColor"), await look(".chip:not([aria-current])", "backgroundColor"));
  await page.emulateMedia({ forcedColors: "none" });
  quiet();
});

test("a list is worked with the keyboard alone", async () => {
  await go("/models");
  await page.keyboard.press("/");
  await page.keyboard.type("model");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=model/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const name = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(name, await page.locator("[data-open]").first().textContent());
  await page.keyboard.press("Enter");
  await opened().filter({ hasText: name }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#side > *").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
  await page.keyboard.press("?");
  await page.locator("dialog#keys[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.waitForURL(/\/devices/);
  quiet();
});

test("a finding is acknowledged with a reason, assigned and dated, and each of it is a record", async () => {
  await go("/findings");
  await page.locator("[data-open]").first().click();
  await opened().waitFor();
  const id = new URL(page.url()).searchParams.get("open");

  await page.locator("#side summary", { hasText: "Assign" }).click();
  await page.locator('#side form[action$="/assign"] button', { hasText: "I do" }).click();
  await page.locator("#side .notice", { hasText: "Assigned" }).waitFor();

  await page.locator("#side summary", { hasText: "Due" }).click();
  await page.fill('#side input[name="date"]', "2099-12-31");
  await page.locator('#side form[action$="/due"] button').click();
  await page.locator("#side summary", { hasText: "Due 31 Dec" }).waitFor();

  const places = () => page.locator("#side .actions summary").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
  const before = await places();
  await page.locator("#side summary", { hasText: "Acknowledge" }).click();
  assert.deepEqual(await places(), before, "a form that opens moves the buttons");
  assert.equal(await page.locator("#side .ask[open]").count(), 1);
  await page.fill("#side textarea", "a model of the test bench");
  await page.locator('#side form[action$="/acknowledge"] button').click();
  await page.locator("#side", { hasText: "Left as it is: a model of the test bench" }).waitFor();
  await page.locator("#side .timeline", { hasText: "a model of the test bench" }).waitFor();
  await checkPage(page, "finding-acknowledged");

  await go(`/findings/${id}`);
  await page.locator("h1").waitFor();
  await checkPage(page, "finding");
  await page.locator("button", { hasText: "Open it again" }).click();
  await page.locator(".notice", { hasText: "open again" }).waitFor();

  await go("/records");
  await page.locator("#list", { hasText: "a model of the test bench" }).waitFor();
  quiet();
});

test("a device says what it holds, what runs and what cannot be seen", async () => {
  await go("/devices");
  await page.locator("[data-open]").first().click();
  await page.locator("#side a", { hasText: "Everything about it" }).click();
  await page.locator("#coverage", { hasText: "The last scan read" }).waitFor();
  await page.locator("#timeline svg").waitFor();
  await checkPage(page, "device");
  await page.locator("button", { hasText: "Scan now" }).click();
  await page.locator(".notice, .toast", { hasText: "look again" }).waitFor();
  quiet();
});

test("a token is shown once, works, and is revoked", async () => {
  await go("/access");
  await checkPage(page, "access");
  await page.locator("summary", { hasText: "Make a token" }).click();
  await page.fill('form[action="/access/tokens"] input[name="name"]', "bench");
  await page.locator('form[action="/access/tokens"] button').click();
  const token = await page.locator(".once code").textContent();
  assert.match(token, /^hf_[A-Za-z0-9]{40}$/);
  const ask = () => fetch(`${product.url}/api/v1/models?limit=1`.replace("models", "artifacts"), { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask()).status, 200);
  await go("/access");
  assert.ok(!(await page.content()).includes(token));
  await page.locator('summary[aria-label="Revoke… bench"]').click();
  await checkPage(page, "access-open");
  await page.locator("button", { hasText: "Revoke 1 token" }).click();
  await page.locator(".toast", { hasText: "no longer works" }).waitFor();
  assert.equal((await ask()).status, 401);
  quiet();
});

test("what is not there says so, and one's own account shows where one is signed in", async () => {
  await go("/account");
  await page.locator(".sev", { hasText: "This one" }).waitFor();
  await checkPage(page, "account");
  await go("/models/nothing");
  assert.match(await page.locator("h1").textContent(), /nothing here/);
  page.problems.length = 0;
  await checkPage(page, "missing");
});

test("everything reads without scripts", async () => {
  const plain = await openPage(browser, { javaScriptEnabled: false, storageState: await page.context().storageState() });
  for (const list of LISTS) {
    await plain.goto(`${product.url}/${list}`);
    assert.equal(await plain.locator("h1").textContent(), list[0].toUpperCase() + list.slice(1));
  }
  await plain.goto(`${product.url}/models?q=commercial:no`);
  await plain.locator("[data-open]").first().click();
  await plain.locator("#side h2").first().waitFor();
  await plain.locator("[data-close]").click();
  assert.equal(await plain.locator("#side > *").count(), 0);
  await plain.goto(`${product.url}/findings?q=state:open`);
  await plain.locator("[data-open]").first().click();
  await plain.locator("summary", { hasText: "Acknowledge" }).click();
  await plain.fill("#side textarea", "read without scripts");
  await plain.locator('#side form[action$="/acknowledge"] button').click();
  await plain.locator("h1").waitFor();
  assert.match(await plain.content(), /read without scripts/);
  await plain.context().close();
});

test("a page that is open shows what changes", async () => {
  await go("/");
  const count = page.locator(".nav a", { hasText: "Models" }).locator(".count");
  const before = await count.textContent();
  writeFileSync(join(product.home, "many", "late.safetensors"), safetensors({ name: "late" }));
  const { items: ids } = await (await page.request.get(`${product.url}/api/v1/devices`)).json();
  const other = await openPage(browser, { storageState: await page.context().storageState() });
  await other.goto(`${product.url}/devices/${ids[0].id}`);
  await other.locator("button", { hasText: "Scan now" }).click();
  await page.waitForFunction((was) => [...document.querySelectorAll(".nav a")].some((a) => a.textContent.startsWith("Models") && !a.textContent.endsWith(was)), before);
  await other.context().close();
  quiet();
});

test("signing out ends it", async () => {
  await go("/account");
  await page.locator("main form[action='/logout'] button").click();
  await page.waitForURL(/\/login/);
  await go("/models");
  assert.equal(new URL(page.url()).pathname, "/login");
  await page.fill("input[name=name]", OWNER.name);
  await page.fill("input[name=password]", "not this one at all");
  await page.keyboard.press("Enter");
  await page.locator("[role=alert]").waitFor();
});
