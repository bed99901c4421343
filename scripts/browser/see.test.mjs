// Every rule catches a page that breaks it and nothing else, and a page that breaks none passes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { launch } from './chromium.mjs';
import { look } from './look.mjs';
import { VIEWS } from './views.mjs';

const folder = mkdtempSync(join(tmpdir(), 'see-page-'));
const SEE_PAGE = fileURLToPath(new URL('../see-page', import.meta.url));
let chromium;

before(async () => { chromium = await launch(); });
after(async () => {
  await chromium?.close();
  rmSync(folder, { recursive: true });
});

/// A page without fault, and `body` and `head` besides.
function page(name, { body = '', head = '' } = {}) {
  const cells = Array.from({ length: 12 }, (_, index) => `<td>cell${index}</td>`).join('');
  const file = join(folder, `${name}.html`);
  writeFileSync(file, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>A page</title>
    <style>
      :root { color-scheme: light dark }
      @media screen and (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
      .scroll { overflow-x: auto; max-width: 18rem } td { padding: 0 .5rem }
      @media print { .scroll { overflow: visible; max-width: none } td { padding: 0; font-size: .6rem } }
    </style>${head}</head><body><main><h1>A page</h1><p>Some text.</p>
    <div class="scroll" tabindex="0"><table><caption>A wide table</caption><tr>${cells}</tr></table></div>
    <details><summary>More</summary><p>Folded.</p></details>
    <svg role="img" aria-label="A drawing" width="300" height="100" fill="currentColor" font-size="12">
      <rect width="150" height="100" fill="#024"/><text x="10" y="20" fill="#fff">on a shape</text>
      <text x="160" y="20">beside it</text><text x="160" y="34">the next line</text>
      <text x="270" y="90" transform="rotate(-90 270 90)">upright</text>
    </svg>${body}</main></body></html>`);
  return file;
}

async function complaints(file, view) {
  return look(chromium, file, VIEWS.find(({ name }) => name === view), folder);
}

/// That `view` of the page has complaints, all of them matching `expected`.
async function caught(name, view, parts, expected) {
  const found = await complaints(page(name, parts), view);
  assert.notEqual(found.length, 0, `nothing found in ${name}`);
  for (const complaint of found) assert.match(complaint, expected);
}

const drawing = (inner) => `<svg role="img" aria-label="Another" width="200" height="80" fill="currentColor" font-size="12">${inner}</svg>`;

for (const { name } of VIEWS) {
  test(`a page without fault passes in ${name}`, async () => {
    assert.deepEqual(await complaints(page('good'), name), []);
  });
}

test('a request to elsewhere is caught, and so is its refusal', () =>
  caught('external', 'light', { body: '<img alt="x" src="https://example.org/x.png">' }, /^request: image https:\/\/example\.org|^console: .*ERR_FAILED/));

test('a file beside the page is a request too', () =>
  caught('beside', 'light', { head: '<link rel="stylesheet" href="beside.css">' }, /^request: stylesheet file:|^console: .*ERR_FAILED/));

test('a connection opened ahead is caught', () =>
  caught('preconnect', 'light', { head: '<link rel="preconnect" href="https://example.org">' }, /^request: preconnect/));

test('what a page writes to the console is caught', () =>
  caught('console', 'light', { body: '<script>console.log("hello")</script>' }, /^console: log: hello$/));

test('an exception is caught', () =>
  caught('exception', 'light', { body: '<script>throw new Error("oh")</script>' }, /^page error: oh$/));

test('a breach of the page\'s own security policy is caught', () => {
  const head = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">';
  return caught('policy', 'light', { head, body: '<script>1</script>' }, /^console: error: .*Content Security Policy/);
});

test('what is too wide for a phone is caught there, and only there', async () => {
  const parts = { body: '<div style="width:600px">wide</div>' };
  assert.deepEqual(await complaints(page('wide', parts), 'light'), []);
  await caught('wide', 'phone', parts, /^overflow: /);
});

test('text that is cut off is caught', () =>
  caught('cut', 'light', { body: '<p style="width:5rem;overflow:hidden;white-space:nowrap">cut off somewhere here</p>' }, /^overflow: p .* cuts off/));

test('a table to be scrolled on paper is caught there, and only there', async () => {
  const parts = { body: '<div tabindex="0" style="overflow-x:auto"><div style="width:900px">wide</div></div>' };
  assert.deepEqual(await complaints(page('paper', parts), 'phone'), []);
  await caught('paper', 'print', parts, /^overflow: .*scrolled on paper/);
});

test('text too faint in the dark is caught there, and only there', async () => {
  const parts = { body: '<p style="color:#555">faint</p>' };
  assert.deepEqual(await complaints(page('faint', parts), 'light'), []);
  await caught('faint', 'dark', parts, /^color-contrast: p/);
});

test('drawn text too faint on its shape is caught', () =>
  caught('faint-label', 'light', { body: drawing('<rect width="90" height="30" fill="#777"/><text x="5" y="20" fill="#000" opacity=".5">faint</text>') }, /^svg-contrast: /));

test('a picture without a text is caught', () =>
  caught('alt', 'light', { body: '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">' }, /^image-alt: /));

test('a first screen whose map ends below it is caught there, and only there', async () => {
  const parts = { body: '<div class="first"><p id="answer" style="margin-top:600px">The answer.</p></div>' };
  assert.deepEqual(await complaints(page('fold', parts), 'phone'), []);
  await caught('fold', 'light', parts, /^first-screen: #answer "The answer\." ends \d+ px below/);
});

test('a stop of the keyboard that does nothing is caught there, and only there', async () => {
  const parts = { body: '<p tabindex="0">Dead.</p>' };
  assert.deepEqual(await complaints(page('dead', parts), 'light'), []);
  await caught('dead', 'keyboard', parts, /^tab-stop: p "Dead\." does nothing/);
});

test('a scroller that has nothing to scroll is a dead stop where no script takes it away', async () => {
  const body = '<div tabindex="0" style="overflow-x:auto" class="scroll"><p>Short.</p></div>';
  const script = '<script>document.querySelectorAll(".scroll p").forEach((one) => one.parentElement.removeAttribute("tabindex"))</script>';
  assert.deepEqual(await complaints(page('scroller', { body: body + script }), 'keyboard'), []);
  await caught('scroller', 'narrow, by keys, no script', { body: body + script }, /^tab-stop: div\.scroll "Short\." does nothing/);
});

test('a scroller without a tabindex is reached all the same, and one that keys are kept out of is caught', async () => {
  const wide = (attributes) => `<div ${attributes} style="overflow-x:auto"><p style="width:900px">Wide.</p></div>`;
  assert.deepEqual(await complaints(page('native', { body: wide('') }), 'narrow, by keys, no script'), []);
  await caught('kept-out', 'narrow, by keys, no script', { body: wide('tabindex="-1"') }, /^unreached: div "Wide\." scrolls/);
});

test('a stop that cannot be seen to have the focus is caught', () =>
  caught('ring', 'keyboard', { body: '<button style="outline:none">Go</button>' }, /^tab-stop: button "Go" has no visible focus/));

test('a drawer that no key opens is caught', () =>
  caught('drawer', 'keyboard', { body: '<table class="map"><caption>Map</caption><tr><td><button>cell</button></td></tr></table>' }, /^drawer: Enter on a cell shows 0 drawers/));

test('a choice that shows nothing without a script is caught there, and only there', async () => {
  const body = '<div id="pick"><label><input type="radio" name="w" id="w0" checked>one</label><p class="k" hidden>One.</p></div>';
  assert.deepEqual(await complaints(page('choice', { body }), 'light'), []);
  await caught('choice', 'no script', { body }, /^choice: w0 in #pick show 0 of \.k/);
});

test('a page\'s own script does not run in the view without scripts', async () => {
  const body = '<p id="said">plain</p><script>document.getElementById("said").outerHTML = "<h4>Deep</h4>"</script>';
  assert.deepEqual(await complaints(page('script', { body }), 'no script'), []);
  await caught('script', 'light', { body }, /^heading-order: /);
});

test('a heading that skips a level is caught', () =>
  caught('heading', 'light', { body: '<h4>Deep</h4>' }, /^heading-order: /));

test('a table without a caption is caught', () =>
  caught('caption', 'light', { body: '<table><tr><th scope="col">a</th></tr><tr><td>1</td></tr></table>' }, /^table-caption: /));

test('labels that overlap are caught', () =>
  caught('overlap', 'light', { body: drawing('<text x="10" y="20">one label</text><text x="40" y="24">another</text>') }, /^svg-text: .* overlaps /));

test('a label that leaves its drawing is caught', () =>
  caught('outside', 'light', { body: drawing('<text x="170" y="20">too far right</text>') }, /^svg-text: .* outside its drawing/));

test('a label too small to read is caught', () =>
  caught('small', 'light', { body: drawing('<text x="10" y="20" font-size="6">small</text>') }, /^svg-text: .* 6\.0 px high/));

test('the command says so by its exit code, names the view, and keeps the pictures', () => {
  const into = join(folder, 'seen');
  const run = (...files) => spawnSync(SEE_PAGE, [...files, '--into', into], { encoding: 'utf8' });

  const bad = run(page('bad', { body: '<h4>Deep</h4>' }), page('good'));
  assert.equal(bad.status, 1, bad.stderr);
  assert.match(bad.stderr, /bad\.html: light, dark, phone, no script, print: heading-order: /);
  assert.doesNotMatch(bad.stderr, /good\.html/);
  assert.match(bad.stdout, /good\.html: nothing is wrong/);
  for (const picture of ['first-screen.png', 'light.png', 'dark.png', 'phone.png', 'no-script.png']) {
    assert.equal(readFileSync(join(into, 'good', picture)).toString('latin1', 1, 4), 'PNG', picture);
  }
  assert.equal(readFileSync(join(into, 'good', 'print.pdf')).toString('latin1', 0, 5), '%PDF-');

  const good = run(page('good'));
  assert.equal(good.status, 0, good.stderr);
  const missing = run(join(folder, 'missing.html'));
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /missing\.html: no such file/);
  assert.ok(!existsSync(join(into, 'missing')));
});
