// Pictures of key figures that are kept, and what has changed since.
//
// They are of golden and published pages, whose data are fixed, and without text: fonts differ from machine to machine, and the golden
// pages hold every letter. What is compared is where lines, bars, marks and grounds lie, and in which colours.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const GOLDEN = fileURLToPath(new URL('../../reports/render/tests/golden/', import.meta.url));

/// The page of a record that does not change, with the figures of a grid.
const PUBLISHED = fileURLToPath(new URL('../../reports/published/2026-11-22-grid/index.html', import.meta.url));

/// Where the pictures are kept.
export const FOLDER = fileURLToPath(new URL('./kept/', import.meta.url));

/// A picture's name, its page and the element that it shows.
export const KEPT = [
  { name: 'map', page: join(GOLDEN, 'page.html'), of: '#map table.map:visible' },
  { name: 'crossover-connections', page: PUBLISHED, of: '#crossover-connections svg' },
  { name: 'crossover-rates', page: PUBLISHED, of: '#crossover-rates svg' },
  { name: 'sweep', page: PUBLISHED, of: '#sweep-1-goodput svg' },
  { name: 'tail', page: PUBLISHED, of: '#nines-1 svg' },
  { name: 'waiting', page: join(GOLDEN, 'page.html'), of: '#response-p50-1 svg' },
  { name: 'throughput', page: join(GOLDEN, 'page.html'), of: '#throughput svg' },
  { name: 'measurement-tail', page: join(GOLDEN, 'measurement.html'), of: '#tail svg' },
  { name: 'measurement-course', page: join(GOLDEN, 'measurement.html'), of: '#course svg' },
  { name: 'benches', page: join(GOLDEN, 'criterion.html'), of: '#times svg' },
];

/// Pixels across a kept picture: half of what most figures have on the page.
const ACROSS = 360;

/// Pixels on a side of the tiles that are compared by their mean colour.
const TILE = 4;

/// Most that the mean of a tile may differ, of 255: an edge that falls elsewhere between two pixels moves it by less.
const SHADE = 8;

/// Most of the tiles that may differ by more. A mark that moves by its own width changes about as many.
const SHARE = 0.005;

/// Most that the ratio of height to width may differ: a table's rows are as high as the fonts of the machine.
const SHAPE = 0.05;

const WITHOUT_TEXT = `svg text, table.map :is(b, small, th, caption) { visibility: hidden !important }
  body:has(.alone) *:not(.alone, .alone *) { visibility: hidden }
  .alone { visibility: visible }`;

/// What is wrong with each of `kept` beside its picture in `folder`, a line each; pictures that differ go into `seen`.
export async function compare(chromium, kept, folder, seen) {
  return each(chromium, kept, async (one, picture, bench) => {
    const file = join(folder, `${one.name}.png`);
    if (!existsSync(file)) return [`kept: ${one.name} has no kept picture; look at it, and keep it with --renew`];
    const { share, shape } = await bench.evaluate(difference, [data(readFileSync(file)), data(picture), TILE, SHADE]);
    if (share <= SHARE && shape <= SHAPE) return [];
    mkdirSync(seen, { recursive: true });
    const now = join(seen, `${one.name}.png`);
    writeFileSync(now, picture);
    const found = shape > SHAPE ? `its shape differs by ${percent(shape)}` : `${percent(share)} of it differs`;
    return [`kept: ${one.name}: ${found}, expected at most ${percent(shape > SHAPE ? SHAPE : SHARE)}; it is ${file}, and now ${now}; if that is meant, --renew`];
  });
}

/// Keeps the pictures of each of `kept` as they are now.
export async function renew(chromium, kept, folder) {
  mkdirSync(folder, { recursive: true });
  return each(chromium, kept, async (one, picture) => {
    writeFileSync(join(folder, `${one.name}.png`), picture);
    return [];
  });
}

/// `what` done with the picture of each, as it is now; its complaints together.
async function each(chromium, kept, what) {
  const context = await chromium.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: 'light' });
  context.setDefaultTimeout(120_000);
  try {
    const [page, bench] = [await context.newPage(), await context.newPage()];
    const complaints = [];
    let open;
    for (const one of kept) {
      if (open !== one.page) {
        await page.goto(pathToFileURL(one.page).href, { waitUntil: 'load' });
        await page.addStyleTag({ content: WITHOUT_TEXT });
        await page.evaluate(() => document.querySelectorAll('details').forEach((all) => { all.open = true; }));
        open = one.page;
      }
      const element = page.locator(one.of).first();
      if ((await element.count()) === 0) {
        complaints.push(`kept: ${one.name}: ${one.page} has no ${one.of}`);
        continue;
      }
      await element.evaluate(alone);
      const whole = await element.screenshot({ animations: 'disabled' });
      await element.evaluate(among);
      const small = await bench.evaluate(shrink, [data(whole), ACROSS]);
      complaints.push(...(await what(one, Buffer.from(small.split(',')[1], 'base64'), bench)));
    }
    return complaints;
  } finally {
    await context.close();
  }
}

const data = (png) => `data:image/png;base64,${png.toString('base64')}`;
const percent = (share) => `${(share * 100).toFixed(1)} %`;

/// Runs inside the page: lays a figure on whole pixels, wherever the text above it ends, and shows it alone. Between two of them a thin line
/// is a pale one.
function alone(figure) {
  const width = Math.round(figure.getBoundingClientRect().width);
  figure.style.cssText = `position: fixed; left: 0; top: 0; margin: 0; width: ${width}px`;
  figure.classList.add('alone');
}

/// Runs inside the page: as it was.
function among(figure) {
  figure.removeAttribute('style');
  figure.classList.remove('alone');
}

/// Runs inside a blank page: a picture as it is `across` pixels wide.
async function shrink([url, across]) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = across;
  canvas.height = Math.round((image.height * across) / image.width);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}

/// Runs inside a blank page: the share of tiles whose mean colour differs by more than `shade`, and how much the shapes differ.
async function difference([before, now, tile, shade]) {
  const load = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  };
  const images = await Promise.all([before, now].map(load));
  const [width, height] = [images[0].width, images[0].height];
  const pixels = images.map((image) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  });
  const mean = (all, left, top, channel) => {
    let [sum, count] = [0, 0];
    for (let y = top; y < Math.min(top + tile, height); y += 1) {
      for (let x = left; x < Math.min(left + tile, width); x += 1) {
        sum += all[4 * (y * width + x) + channel];
        count += 1;
      }
    }
    return sum / count;
  };
  let [differing, tiles] = [0, 0];
  for (let top = 0; top < height; top += tile) {
    for (let left = 0; left < width; left += tile) {
      tiles += 1;
      if ([0, 1, 2].some((channel) => Math.abs(mean(pixels[0], left, top, channel) - mean(pixels[1], left, top, channel)) > shade)) differing += 1;
    }
  }
  const [one, other] = images.map((image) => image.height / image.width);
  return { share: differing / tiles, shape: Math.abs(other / one - 1) };
}
