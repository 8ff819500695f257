/**
 * A real Chromium without a window, and the few words in which the tests speak to it.
 */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Builder, By, logging } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";

import { TARGET } from "./server.mjs";

const PATIENCE = 20_000;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=en-US",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900"];

function find(name) {
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (!found) throw new Error(`${name} is missing; tests/run installs it`);
  return found;
}

export class Browser {
  /** @param {string[]} flags more of the command line */
  static async start(...flags) {
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), "reportwire-chromium-"));
    const logs = new logging.Preferences();
    logs.setLevel(logging.Type.PERFORMANCE, logging.Level.ALL);
    const options = new chrome.Options()
      .setChromeBinaryPath(find("chromium"))
      .addArguments(...FLAGS, ...flags, `--user-data-dir=${browser.profile}`);
    options.setLoggingPrefs(logs);
    browser.driver = await new Builder()
      .forBrowser("chrome")
      .setChromeOptions(options)
      .setChromeService(new chrome.ServiceBuilder(find("chromedriver")))
      .build();
    return browser;
  }

  async quit() {
    await this.driver.quit();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Opens `url` in a new tab and closes the one before: nothing but the URL is carried over. */
  async open(url) {
    const before = await this.driver.getWindowHandle();
    await this.driver.switchTo().newWindow("tab");
    const now = await this.driver.getWindowHandle();
    await this.driver.switchTo().window(before);
    await this.driver.close();
    await this.driver.switchTo().window(now);
    await this.driver.get(url);
  }

  /** Waits until `look`, run in the page with `args`, returns something; returns that. */
  async until(what, look, ...args) {
    let last;
    await this.driver.wait(async () => (last = await this.run(look, ...args)), PATIENCE, `waited for ${what}`, 20);
    return last;
  }

  run(script, ...args) {
    return this.driver.executeScript(script, ...args);
  }

  state(wanted) {
    return this.until(`the state ${wanted}`, "return document.body.dataset.state === arguments[0]", wanted);
  }

  connection(wanted) {
    return this.until(`the connection ${wanted}`, "return document.body.dataset.connection === arguments[0]", wanted);
  }

  /** Waits until an element shows this text. */
  shows(id, text) {
    const look = "const e = document.getElementById(arguments[0]); return e?.checkVisibility() && e.innerText.includes(arguments[1])";
    return this.until(`“${text}” in #${id}`, look, id, text);
  }

  text(id) {
    return this.run("return document.getElementById(arguments[0]).innerText", id);
  }

  isVisible(id) {
    return this.run("return document.getElementById(arguments[0])?.checkVisibility() ?? false", id);
  }

  /** Picks a report type, as soon as the page offers it. */
  async pick(reportType) {
    await this.until(`the offer of ${reportType}`, "return document.querySelector(`#report-type option[value='${arguments[0]}']`)", reportType);
    // A click by the driver brings "change" and no "input", which people's clicks bring first.
    await this.paste("report-type", reportType);
  }

  /** Puts text into a field at once, as pasting does. */
  paste(id, text) {
    const look = "const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('input', { bubbles: true }))";
    return this.run(look, id, text);
  }

  /** Clicks once the page has made it clickable. */
  async click(id) {
    await this.until(`#${id}`, "const e = document.getElementById(arguments[0]); return e?.checkVisibility() && !e.disabled", id);
    await this.driver.findElement(By.id(id)).click();
  }

  command(name, parameters = {}) {
    return this.driver.sendAndGetDevToolsCommand(name, parameters);
  }

  phone() {
    return this.command("Emulation.setDeviceMetricsOverride", { width: 360, height: 740, deviceScaleFactor: 2, mobile: true });
  }

  async desktop() {
    await this.command("Emulation.clearDeviceMetricsOverride");
    await this.command("Emulation.setEmulatedMedia", { features: [] });
  }

  dark() {
    return this.command("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
  }

  /** The whole page as a picture beside the build, for whoever wants to look. */
  async picture(name) {
    const { data } = await this.command("Page.captureScreenshot", { captureBeyondViewport: true });
    const folder = join(TARGET, "screenshots");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.png`), Buffer.from(data, "base64"));
  }

  /** Every URL that pages asked for since the last call, sockets too. */
  async asked() {
    const entries = await this.driver.manage().logs().get(logging.Type.PERFORMANCE);
    return entries
      .map(({ message }) => JSON.parse(message).message)
      .map(({ method, params }) => (method === "Network.requestWillBeSent" ? params.request.url : method === "Network.webSocketCreated" ? params.url : null))
      .filter(Boolean);
  }
}
