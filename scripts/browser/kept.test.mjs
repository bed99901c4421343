// Key figures look as they did when their pictures were kept; what moves is noticed, and another font is not.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch } from './chromium.mjs';
import { FOLDER, KEPT, compare, renew } from './kept.mjs';

const folder = mkdtempSync(join(tmpdir(), 'kept-'));
let chromium;

before(async () => { chromium = await launch(); });
after(async () => {
  await chromium?.close();
  rmSync(folder, { recursive: true });
});

test('the key figures of the golden pages look as their kept pictures', async () => {
  assert.deepEqual(await compare(chromium, KEPT, FOLDER, join(folder, 'seen')), []);
});

test('every kept picture is of a key figure, and all together are small', () => {
  const files = readdirSync(FOLDER);
  assert.deepEqual(files.sort(), KEPT.map(({ name }) => `${name}.png`).sort());
  const bytes = files.reduce((sum, file) => sum + statSync(join(FOLDER, file)).size, 0);
  assert.ok(bytes <= 300_000, `${bytes} bytes`);
});

/// A page with a chart of five points and a bar, and a table beside it.
function chart(name, { points = [60, 90, 40, 70, 30], bar = 120, style = '' } = {}) {
  const places = points.map((y, index) => [60 + 150 * index, y]);
  const page = join(folder, `${name}.html`);
  writeFileSync(page, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A chart</title><style>${style}</style></head>
    <body><svg width="720" height="200" viewBox="0 0 720 200"><rect x="10" y="120" width="${bar}" height="40" fill="#d50"/>
    <path d="M${places.map((place) => place.join(',')).join(' ')}" fill="none" stroke="#07b" stroke-width="2"/>
    ${places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="4" fill="#07b"/>`).join('')}
    <text x="300" y="180">some text</text></svg></body></html>`);
  return [{ name: 'chart', page, of: 'svg' }];
}

test('what is drawn elsewhere is noticed, and where it can be seen is told', async () => {
  const kept = join(folder, 'pictures');
  await renew(chromium, chart('first'), kept);
  assert.deepEqual(await compare(chromium, chart('again'), kept, join(folder, 'seen')), []);
  const lower = chart('lower', { style: 'body { padding-top: 10.5px }' });
  assert.deepEqual(await compare(chromium, lower, kept, join(folder, 'seen')), [], 'half a pixel further down');
  for (const [name, parts] of [
    ['moved', { points: [60, 90, 20, 70, 30] }],
    ['shorter', { bar: 80 }],
    ['colour', { style: 'path { stroke: #ccc }' }],
    ['gone', { style: 'path { display: none }' }],
  ]) {
    const [complaint, ...others] = await compare(chromium, chart(name, parts), kept, join(folder, 'seen'));
    assert.match(complaint ?? name, /^kept: chart: [\d.]+ % of it differs, expected at most 0\.5 %; .*--renew$/, name);
    assert.deepEqual(others, []);
    assert.ok(existsSync(join(folder, 'seen', 'chart.png')));
  }
});

test('another font, or another text, is not a change of the drawing', async () => {
  const kept = join(folder, 'fonts');
  await renew(chromium, chart('plain'), kept);
  assert.deepEqual(await compare(chromium, chart('mono', { style: 'svg { font: 40px monospace }' }), kept, join(folder, 'seen')), []);
});

test('a figure that has no kept picture, and a picture whose figure is gone, are told of', async () => {
  const none = await compare(chromium, chart('new'), join(folder, 'empty'), join(folder, 'seen'));
  assert.match(none.join(), /^kept: chart has no kept picture; .*--renew$/);
  const gone = await compare(chromium, [{ ...chart('gone')[0], of: '#away' }], folder, join(folder, 'seen'));
  assert.match(gone.join(), /^kept: chart: .*gone\.html has no #away$/);
});
