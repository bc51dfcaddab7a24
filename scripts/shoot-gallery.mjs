// node scripts/shoot-gallery.mjs          takes every picture of the gallery again
// node scripts/shoot-gallery.mjs lock     takes the pictures whose name contains the word
//
// Runs the commands of packages/cli/docs/gallery.md, and keeps the first screen of each report. Needs the programs of
// scripts/install-servers.sh, and npm run build.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const cli = join(import.meta.dirname, '..', 'packages', 'cli')
const docs = join(cli, 'docs')
const [, , wanted = ''] = process.argv

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (executablePath === undefined) throw new Error('needs chromium: sudo bash scripts/install-servers.sh')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const cwd = mkdtempSync(join(tmpdir(), 'chaos-gallery-'))
try {
  for (const section of readFileSync(join(docs, 'gallery.md'), 'utf8').split('\n## ').slice(1)) {
    const [, command] = /^`npx chaos (.*)`$/m.exec(section) ?? []
    const [, picture] = /\]\((.*\.png)\)/.exec(section) ?? []
    if (command === undefined || picture === undefined || !picture.includes(wanted)) continue
    const { stdout } = spawnSync(process.execPath, [join(cli, 'bin', 'chaos.js'), ...command.split(' ')], { cwd })
    console.log(`${picture}: ${String(stdout).trimStart().split('\n')[0]}`)
    const results = join(cwd, 'chaos-results')
    const newest = readdirSync(results)
      .filter((name) => /^\d/.test(name))
      .sort()
      .at(-1)
    if (newest === undefined) throw new Error(`${command} left no results`)
    const page = await browser.newPage({ viewport: { width: 1200, height: 740 } })
    await page.goto(pathToFileURL(join(results, newest, 'report.html')).href)
    await page.screenshot({ path: join(docs, picture) })
    await page.close()
  }
} finally {
  await browser.close()
  rmSync(cwd, { recursive: true, force: true })
}
