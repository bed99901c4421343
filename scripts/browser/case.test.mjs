// The picker of a published page says what the arithmetic says, asks for nothing, keeps its case in the address, and works without
// its script by the style sheet alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { launch } from './chromium.mjs';

const root = fileURLToPath(new URL('../../reports/', import.meta.url));
const cases = readFileSync(`${root}render/tests/golden/cases.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const runs = [...new Set(cases.map(({ run }) => run))];
const address = (run) => pathToFileURL(`${root}published/${run}/index.html`).href;
let chromium;

before(async () => { chromium = await launch(); });
after(async () => { await chromium?.close(); });

async function open(url, options = {}) {
  const context = await chromium.newContext(options);
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => asked.push(`error: ${error.message}`));
  page.on('console', (message) => asked.push(`console: ${message.text()}`));
  await page.goto(url, { waitUntil: 'load' });
  return { page, asked, context };
}

const near = (found, expected, where) => assert.ok(Math.abs(found / expected - 1) < 1e-3, `${where}: ${found}, expected ${expected}`);

for (const run of runs) {
  test(`the picker of ${run} answers each case as the arithmetic does`, async () => {
    const { page, asked, context } = await open(address(run));
    for (const expected of cases.filter((one) => one.run === run)) {
      const found = await page.evaluate((hash) => {
        history.replaceState(null, '', hash);
        dispatchEvent(new HashChangeEvent('hashchange'));
        const said = document.getElementById('case-said');
        return { ...said.dataset, headline: said.querySelector('b').textContent, tag: said.querySelector('.tag').textContent, text: said.textContent, shown: !said.hidden };
      }, `#case=${expected.case}`);
      const where = `${run}, case ${expected.case}`;
      assert.ok(found.shown, where);
      assert.equal(found.conclusion, expected.conclusion, where);
      assert.equal(found.headline, expected.headline, where);
      assert.equal(found.tag, expected.is_outside ? 'arithmetic, outside what was measured' : 'arithmetic', where);
      found.limits.split(' ').forEach((limit, side) => near(Number(limit), expected.limits[side], `${where}, limit`));
      for (const what of ['costs', 'memory']) {
        found[what].split(' ').forEach((figure, side) => {
          if (expected[what][side] === null) assert.equal(figure, '-', where);
          else near(Number(figure), expected[what][side], `${where}, ${what}`);
        });
      }
      assert.doesNotMatch(found.text.split('measured nearest to it')[0], /\bwins?\b|\btie\b/, `${where}: a verdict's word for arithmetic`);
      assert.doesNotMatch(found.text, /NaN|Infinity|undefined|(?<![\d.,])1 connections/, where);
      assert.doesNotMatch(found.text, /connections? takes? about/, `${where}: a server's memory told as its connections'`);
    }
    assert.deepEqual(asked.filter((url) => !url.startsWith('file:')), []);
    await context.close();
  });
}

test('what is typed is answered at once and kept in the address', async () => {
  const { page, context } = await open(address(runs[0]));
  await page.fill('#case-form input[name=n]', '5000');
  await page.fill('#case-form input[name=r]', '100');
  assert.match(await page.evaluate(() => location.hash), /^#case=5000,20,1,100,0$/);
  await page.fill('#case-form input[name=n]', '-3');
  assert.match(await page.textContent('#case-said b'), /^Enter numbers/);
  await context.close();
});

test('a case in the address is answered when the page opens', async () => {
  const { page, context } = await open(`${address(runs[0])}#case=64,0,5,,0`);
  assert.equal(await page.inputValue('#case-form input[name=c]'), '5');
  assert.match(await page.textContent('#case-said'), /Your own 5 ms of CPU/);
  await context.close();
});

test('without its script the page offers the measured combinations, the map and its drawers', async () => {
  const { page, context } = await open(address(runs[0]), { javaScriptEnabled: false });
  assert.equal(await page.isVisible('#case-form'), false);
  await page.check('#w1', { force: true });
  await page.check('#c1', { force: true });
  assert.equal(await page.locator('.k:visible').count(), 1);
  await page.check('#q1', { force: true });
  assert.equal(await page.locator('table.map:visible').count(), 1);
  await page.locator('table.map:visible button').first().click();
  assert.equal(await page.locator('.drawer:visible').count(), 1);
  await context.close();
});
