import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { renderSavedPage } from '@chaosproxy/console'
import { run as runTarget } from '@chaosproxy/engine'
import type { Browser, Page } from 'playwright-core'
import { NEEDED, openChromium } from './chromium.ts'
import { middle } from './middle.ts'

export const name = 'pages: the report of 100,000 operations opened and panned, and the same history judged in a page'

const ROUNDS = 5

export async function run(print: (line: string) => void): Promise<void> {
  const browser = await openChromium()
  if (browser === undefined) {
    print(`needs ${NEEDED}`)
    return
  }
  const out = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const spec = {
      target: { name: 'sim:primary-replica', bug: 'stale-read' },
      ...{ faults: ['kill', 'partition'], seed: 5, timeMs: 60_000, rate: 2_200 },
    }
    const { directory, history } = await runTarget(spec, { out })
    print(`${history.operations.length.toLocaleString('en-US')} operations`)
    await openings(browser, join(directory, 'report.html'), print)
    reportings(join(directory, 'history.jsonl'), out, print)
    await judgings(browser, join(out, 'judge.html'), join(directory, 'history.jsonl'), print)
  } finally {
    await browser.close()
    rmSync(out, { recursive: true, force: true })
  }
}

async function openings(browser: Browser, report: string, print: (line: string) => void): Promise<void> {
  const times: number[] = []
  let panned: readonly [string, string] = ['', '']
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    const started = performance.now()
    await page.goto(pathToFileURL(report).href)
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    times.push(performance.now() - started)
    const near = await framesOf(page)
    await page.click('#zoom-all')
    panned = [near, await framesOf(page)]
    await page.close()
  }
  print(
    `report: ${(statSync(report).size / 1e6).toFixed(2)} MB, drawn ${middle(times).toFixed(0)} ms after it was asked for`,
  )
  print(`panning: ${panned[0]} zoomed in, ${panned[1]} over the whole run`)
}

/** The time from one frame to the next while the timeline moves with each. */
async function framesOf(page: Page): Promise<string> {
  const times = await page.evaluate<number[]>(`new Promise((done) => {
    const canvas = document.querySelector('#explorer')
    const times = []
    let last = performance.now()
    const step = () => {
      times.push(performance.now() - last)
      last = performance.now()
      const key = times.length % 40 < 20 ? 'ArrowRight' : 'ArrowLeft'
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key }))
      if (times.length < 120) requestAnimationFrame(step)
      else done(times)
    }
    requestAnimationFrame(step)
  })`)
  return `${(1000 / middle(times)).toFixed(0)} frames/s`
}

/** What `chaos check FILE --reporter html` takes more than without, from the command's start to its end, in turns. */
function reportings(file: string, out: string, print: (line: string) => void): void {
  const page = join(out, 'checked.html')
  const [without, drawn]: [number[], number[]] = [[], []]
  for (let round = 0; round < 3 * ROUNDS; round++) {
    without.push(checkMs(file, []))
    drawn.push(checkMs(file, ['--reporter', `html=${page}`]))
  }
  const more = middle(drawn.map((ms, i) => ms / (without[i] ?? ms))) - 1
  print(
    `chaos check: ${middle(without).toFixed(0)} ms, with --reporter html ${(100 * more).toFixed(1)} % more, ${(statSync(page).size / 1e6).toFixed(2)} MB (goal: less than 10 %)`,
  )
}

function checkMs(file: string, more: readonly string[]): number {
  const chaos = join(process.cwd(), 'packages', 'cli', 'bin', 'chaos.js')
  const started = performance.now()
  const { status } = spawnSync(process.execPath, [chaos, 'check', file, ...more])
  if (status !== 0) throw new Error(`chaos check ended with ${status}: npm run build comes first`)
  return performance.now() - started
}

async function judgings(browser: Browser, file: string, history: string, print: (line: string) => void): Promise<void> {
  writeFileSync(file, renderSavedPage())
  const page = await browser.newPage()
  await page.goto(pathToFileURL(file).href)
  const started = performance.now()
  await page.locator('#file').setInputFiles(history)
  await page.frameLocator('iframe').locator('#verdict').waitFor({ timeout: 600_000 })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  print(
    `page that judges: ${megabytes(statSync(file).size)} MB; ${megabytes(statSync(history).size)} MB of history read, judged and drawn in ${seconds} s`,
  )
}
