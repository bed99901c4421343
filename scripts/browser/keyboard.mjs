// A page gone through by keys alone: every stop is a place to stand, all that scrolls is reached, and the map's drawers open and close.

/// More stops than a page of any length has; beyond, the keyboard is held somewhere.
const MOST = 3000;

export async function keyboard(page) {
  return [...(await stops(page)), ...(await drawer(page))];
}

/// From the top to where the stops begin again.
async function stops(page) {
  const complaints = [];
  for (let count = 0; count < MOST; count += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => see.stop());
    if (stop === undefined || !stop.isNew) return [...complaints, ...(await page.evaluate(() => see.unreached()))];
    if (stop.wrong) complaints.push(`tab-stop: ${stop.where} ${stop.wrong}`);
  }
  return [...complaints, `tab-stop: more than ${MOST} stops`];
}

/// Enter opens the drawer of a cell, Escape closes it and the cell has the focus again. Nothing on a page without a map.
async function drawer(page) {
  const cell = page.locator('table.map button:visible').first();
  if ((await cell.count()) === 0) return [];
  await cell.focus();
  const shown = () => page.locator('.drawer:visible').count();
  await page.keyboard.press('Enter');
  if ((await shown()) !== 1) return [`drawer: Enter on a cell shows ${await shown()} drawers, expected 1`];
  await page.keyboard.press('Escape');
  if ((await shown()) !== 0) return ['drawer: Escape does not close it'];
  const isBack = await cell.evaluate((one) => document.activeElement === one);
  return isBack ? [] : ['drawer: the focus does not come back to its cell'];
}
