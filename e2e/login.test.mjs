// The way in: the link that `eyeline up` prints makes the owner, and nothing else is shown to one who is not signed in.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { OWNER, checkPage, launch, openPage, signIn, startProduct } from "./support.mjs";

let browser;
let product;

before(async () => {
  browser = await launch();
  product = await startProduct();
});
after(async () => {
  await browser?.close();
  await product?.stop();
});

test("the printed link makes the owner, once, and leads to the overview", async () => {
  const page = await openPage(browser);
  await page.goto(product.link);
  await checkPage(page, "login-first");
  await page.context().close();

  const signedIn = await signIn(browser, product);
  await checkPage(signedIn, "overview");
  await signedIn.context().close();

  const again = await openPage(browser);
  const answer = await again.goto(product.link);
  assert.ok(answer.status() >= 400 || (await again.locator("input[name=password]").count()) === 0, "the link works a second time");
  await again.context().close();
});

test("whoever is not signed in sees the login and nothing else", async () => {
  const page = await openPage(browser);
  for (const path of ["/", "/findings", "/models", "/devices", "/access"]) {
    await page.goto(`${product.url}${path}`);
    assert.equal(new URL(page.url()).pathname, "/login", path);
  }
  await checkPage(page, "login");
  await page.context().close();
});

test("the owner signs in with the name and the password", async () => {
  const page = await openPage(browser);
  await page.goto(`${product.url}/login`);
  await page.fill("input[name=name]", OWNER.name);
  await page.fill("input[name=password]", OWNER.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${product.url}/`);
  await page.context().close();
});
