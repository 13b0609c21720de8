// Drives Chromium for the tests of the status page: a command a line on stdin, an answer a line on stdout, in JSON.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];
const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS, headless: true });
let opened;

async function open({ url, scheme = "light", width = 1100, height = 900 }) {
  await opened?.context.close();
  const context = await browser.newContext({
    colorScheme: scheme, viewport: { width, height }, permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const said = [];
  const asked = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("request", (request) => asked.push(request.url()));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  await page.clock.install();
  await page.goto(url);
  opened = { context, page, said, asked };
}

function textBehindButtons() {
  const covers = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  return [...document.querySelectorAll("pre + button:not([hidden])")].filter((button) => {
    const text = document.createRange();
    text.selectNodeContents(button.previousElementSibling);
    return [...text.getClientRects()].some((line) => covers(line, button.getBoundingClientRect()));
  }).map((button) => button.textContent);
}

const commands = {
  // The page as somebody finds it: what is wrong with it, and what it says.
  async look({ shot, ...where }) {
    await open(where);
    const { page, said, asked } = opened;
    const blocked = await page.evaluate(() => globalThis.violations);
    const overflow = await page.evaluate(
      () => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth,
    );
    const hidden = await page.evaluate(textBehindButtons);
    if (shot) {
      await page.screenshot({ path: shot, fullPage: true });
    }
    const before = said.length;
    // Through the debugger, which the page's policy does not bind.
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
    return {
      overflow,
      hidden,
      asked,
      blocked,
      said: said.slice(0, before),
      violations: violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`),
      state: await page.locator("#state").innerText(),
    };
  },
  // Presses every Copy button; what the clipboard holds after each.
  async copy() {
    const copied = {};
    for (const button of await opened.page.getByRole("button").all()) {
      const name = await button.textContent();
      await button.focus();
      await opened.page.keyboard.press("Enter");
      copied[name] = await opened.page.evaluate(() => navigator.clipboard.readText());
    }
    return copied;
  },
  async open(where) {
    await open(where);
    return { state: await opened.page.locator("#state").innerText() };
  },
  // Lets time pass until the page says something else.
  async wait({ not }) {
    const state = opened.page.locator("#state");
    for (const end = Date.now() + 10_000; Date.now() < end && (await state.innerText()) === not; ) {
      await opened.page.clock.runFor(1000);
    }
    return { state: await state.innerText(), said: opened.said, parts: await opened.page.locator("#parts").innerText() };
  },
  // The page without its script, and on paper.
  async plain({ url, pdf }) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(url);
    const state = await page.locator("#state").innerText();
    const buttons = await page.getByRole("button").count();
    await page.emulateMedia({ media: "print" });
    const navigation = await page.getByRole("navigation", { name: "Clients" }).count();
    if (pdf) {
      await page.screenshot({ path: pdf, fullPage: true });
    }
    await context.close();
    return { state, buttons, navigation };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[command](rest)));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error) }));
  }
}
await browser.close();
