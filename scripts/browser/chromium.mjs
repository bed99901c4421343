// Starts the browser: the system's own, with a new empty profile and nothing that talks to anyone.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever slips past the interception of requests finds no host.
  '--host-resolver-rules=MAP * ~NOTFOUND',
];

export async function launch() {
  const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
  // Chromium refuses to sandbox what root runs.
  const chromiumSandbox = process.getuid?.() !== 0;
  try {
    return await chromium.launch({ executablePath, chromiumSandbox, args: FLAGS });
  } catch (error) {
    throw new Error(`${executablePath} did not start: ${error.message}`);
  }
}
