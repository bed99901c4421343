// One page in one view: what it asks for, what it says, how it is laid out.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { keyboard } from './keyboard.mjs';
import { violations } from './violations.mjs';

const IN_PAGE = ['where', 'overflow', 'tables', 'colour', 'drawn-text', 'first-screen', 'choices', 'focus'].map((name) => path(`./in-page/${name}.js`));
const AXE = path(import.meta.resolve('axe-core/axe.min.js'));

function path(url) {
  return fileURLToPath(new URL(url, import.meta.url));
}

/// What is wrong with the page, one line each; pictures go into `folder`.
export async function look(chromium, file, view, folder) {
  const { viewport, colorScheme, touch = false } = view;
  const context = await chromium.newContext({ viewport, colorScheme, hasTouch: touch, isMobile: touch });
  try {
    const complaints = [];
    // A busy machine is not a broken page.
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    await page.emulateMedia({ media: view.media, colorScheme });
    for (const script of [...IN_PAGE, AXE]) await page.addInitScript({ path: script });
    const url = pathToFileURL(file).href;
    await listen(page, url, complaints);
    if (view.scripts === false) await forbidScripts(page);
    // In this order: on a busy machine the network is idle while the page is still being read.
    await page.goto(url, { waitUntil: 'load' });
    await page.waitForLoadState('networkidle');
    if (view.fold) complaints.push(...(await page.evaluate(() => see.firstScreen())));
    await picture(page, view, folder);
    if (view.keyboard) {
      if (view.unfolded) await unfold(page);
      return [...complaints, ...(await keyboard(page))];
    }
    if (view.scripts === false) complaints.push(...(await page.evaluate(() => see.choices())));
    await unfold(page);
    complaints.push(...(await page.evaluate(() => [...see.preconnections(), ...see.overflow(), ...see.tables(), ...see.drawnText()])));
    complaints.push(...(await violations(page)));
    return complaints;
  } catch (error) {
    throw new Error(`${file} could not be looked at in ${view.name}: ${error.message}`);
  } finally {
    await context.close();
  }
}

async function unfold(page) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
}

/// Takes the page's own scripts away, and leaves those that look at it.
async function forbidScripts(page) {
  await page.addInitScript(() => {
    new MutationObserver(() => {
      for (const script of document.querySelectorAll('script:not([type$=json])')) script.type = 'text/plain';
    }).observe(document, { childList: true, subtree: true });
  });
}

/// Notes everything the page asks for or says; refuses it everything but itself.
async function listen(page, url, complaints) {
  const itself = (one) => one.split('#')[0] === url;
  await page.route('**/*', (route) => (itself(route.request().url()) ? route.continue() : route.abort()));
  page.on('request', (request) => {
    // What a data: address holds is in the page already.
    if (!itself(request.url()) && !request.url().startsWith('data:')) {
      complaints.push(`request: ${request.resourceType()} ${request.url()}`);
    }
  });
  page.on('websocket', (socket) => complaints.push(`request: websocket ${socket.url()}`));
  page.on('console', (message) => complaints.push(`console: ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('dialog', async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
}

/// As it is met: nothing folded out.
async function picture(page, view, folder) {
  const at = (name) => join(folder, name);
  if (view.first) await page.screenshot({ path: at(view.first) });
  if (view.whole) await page.screenshot({ path: at(view.whole), fullPage: true });
  const margin = { top: view.margin, bottom: view.margin, left: view.margin, right: view.margin };
  if (view.paper) await page.pdf({ path: at(view.paper), format: 'A4', margin });
}
