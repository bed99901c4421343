// Says what is wrong with pages, each opened in every view, and keeps pictures to look at.
//
// Exit code 0: nothing is wrong; 1: something is, listed on standard error; 2: a page could not be looked at.
import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { launch } from './chromium.mjs';
import { FOLDER, KEPT, compare, renew } from './kept.mjs';
import { look } from './look.mjs';
import { VIEWS } from './views.mjs';

const USAGE = 'usage: scripts/see-page FILE… [--into DIR], or scripts/see-page --kept [--renew]   (DIR is target/seen unless given)';

const LISTED = 8;

async function main() {
  const { files, into, kept, renews } = args();
  const chromium = await launch();
  let wrong = 0;
  try {
    if (kept) return await lookAtKept(chromium, renews, into);
    for (const [file, folder] of folders(files, into)) {
      const complaints = await lookInEveryView(chromium, file, folder);
      for (const line of shortened(complaints)) console.error(`see-page: ${file}: ${line}`);
      const found = complaints.size === 0 ? 'nothing is wrong' : `${complaints.size} complaints`;
      console.log(`see-page: ${file}: ${found} in ${VIEWS.map((view) => view.name).join(', ')}; pictures in ${folder}`);
      wrong += complaints.size;
    }
  } finally {
    await chromium.close();
  }
  return wrong === 0 ? 0 : 1;
}

const OPTIONS = { into: { type: 'string', default: 'target/seen' }, kept: { type: 'boolean' }, renew: { type: 'boolean' } };

function args() {
  let parsed;
  try {
    parsed = parseArgs({ allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new Error(`${error.message}; ${USAGE}`);
  }
  const files = parsed.positionals;
  const { into, kept = false, renew: renews = false } = parsed.values;
  if (kept === files.length > 0) throw new Error(`expected files or --kept; ${USAGE}`);
  if (renews && !kept) throw new Error(`--renew renews kept pictures: give --kept as well; ${USAGE}`);
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing}: no such file`);
  return { files: files.map((file) => resolve(file)), into, kept, renews };
}

/// Compares key figures with their kept pictures, or keeps them as they are now.
async function lookAtKept(chromium, renews, into) {
  const seen = join(into, 'kept');
  const complaints = renews ? await renew(chromium, KEPT, FOLDER) : await compare(chromium, KEPT, FOLDER, seen);
  for (const line of complaints) console.error(`see-page: ${line}`);
  const found = complaints.length === 0 ? (renews ? 'kept' : 'as they were') : `${complaints.length} complaints`;
  console.log(`see-page: ${KEPT.length} key figures: ${found}; pictures in ${FOLDER}`);
  return complaints.length === 0 ? 0 : 1;
}

/// A folder for each file: named after the file, or after its folder where all files are called index.
function folders(files, into) {
  const taken = new Set();
  return files.map((file) => {
    const stem = basename(file, extname(file));
    const name = stem === 'index' ? basename(dirname(file)) : stem;
    let free = name;
    for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}`;
    taken.add(free);
    return [file, join(into, free)];
  });
}

/// Each complaint once, with the views that it was heard in.
async function lookInEveryView(chromium, file, folder) {
  const heard = new Map();
  for (const view of VIEWS) {
    for (const complaint of new Set(await look(chromium, file, view, folder))) {
      heard.set(complaint, [...(heard.get(complaint) ?? []), view.name]);
    }
  }
  return heard;
}

/// A line for each complaint; of those of one rule in the same views, as many as show the pattern.
function shortened(complaints) {
  const alike = new Map();
  for (const [complaint, views] of complaints) {
    const rule = `${views.join(', ')}: ${complaint.split(':')[0]}`;
    alike.set(rule, [...(alike.get(rule) ?? []), `${views.join(', ')}: ${complaint}`]);
  }
  return [...alike].flatMap(([rule, all]) => {
    const left = all.length - LISTED;
    return left > 0 ? [...all.slice(0, LISTED), `${rule}: and ${left} more`] : all;
  });
}

main().then(
  (code) => { process.exitCode = code; },
  (error) => {
    console.error(`see-page: ${error.message}`);
    process.exitCode = 2;
  },
);
