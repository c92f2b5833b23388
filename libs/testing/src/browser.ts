/** A real headless Chromium (the system's package `chromium`). */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** It shall talk to our servers only. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** Throws with what to do when there is none. The caller closes it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('there is no Chromium; run "npm run bootstrap" first');
  // Loaded here, so that the many tests without a browser do not wait for it.
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}
