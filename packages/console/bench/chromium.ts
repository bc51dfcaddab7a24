import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

export const NEEDED = 'chromium: sudo bash scripts/install-servers.sh'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** The browser that pages are measured in; undefined if this machine has none. */
export async function openChromium(): Promise<Browser | undefined> {
  return executablePath === undefined ? undefined : chromium.launch({ executablePath, args: ['--no-sandbox'] })
}
