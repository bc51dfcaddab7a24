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

export const name = 'pages: the report of 109,000 operations opened and panned, and the same history judged in a page'

const ROUNDS = 5
const MOST_DRAWN_MS = 500

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
      ...{ faults: ['kill', 'partition'], seed: 5, timeMs: 60_000, rate: 2_317 },
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

/** Milliseconds from the navigation to the end of the first frame that shows the element. */
interface Shown {
  /** The time until the report's headline and the drawing of the contradiction are visible. */
  readonly headline: number
  /** The time until the timeline shows every operation. */
  readonly timeline: number
}

/** Checks in each frame which elements existed in the previous frame. These elements have been drawn. */
const WATCH = `{
  const shown = {}
  let before = {}
  const look = () => {
    for (const [name, isThere] of Object.entries(before)) if (isThere) shown[name] ??= performance.now()
    before = {
      // In the HTML of the page, these elements come after the drawing.
      headline: document.querySelector('#levels') !== null,
      timeline: (document.querySelector('#found')?.textContent ?? '') !== '',
    }
    if (shown.timeline === undefined) requestAnimationFrame(look)
    else window.shown = shown
  }
  requestAnimationFrame(look)
}`

async function openings(browser: Browser, report: string, print: (line: string) => void): Promise<void> {
  const [headlines, timelines]: [number[], number[]] = [[], []]
  let panned: readonly [string, string] = ['', '']
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    await page.addInitScript(WATCH)
    await page.goto(pathToFileURL(report).href)
    await page.waitForFunction('window.shown !== undefined')
    const shown = await page.evaluate<Shown>('window.shown')
    headlines.push(shown.headline)
    timelines.push(shown.timeline)
    const near = await framesOf(page)
    await page.click('#zoom-all')
    panned = [near, await framesOf(page)]
    await page.close()
  }
  print(
    `report: ${(statSync(report).size / 1e6).toFixed(2)} MB; the headline and the drawing are shown after ${middle(headlines).toFixed(0)} ms, the timeline after ${middle(timelines).toFixed(0)} ms (goal: less than ${MOST_DRAWN_MS} ms)`,
  )
  print(`panning: ${panned[0]} zoomed in, ${panned[1]} over the whole run`)
}

/** Measures the time between frames while the timeline moves in every frame. */
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

/**
 * Measures the additional processor time of `chaos check FILE --reporter html`. Checks with and without the reporter
 * alternate.
 */
function reportings(file: string, out: string, print: (line: string) => void): void {
  const page = join(out, 'checked.html')
  const [without, drawn]: [number[], number[]] = [[], []]
  for (let round = 0; round < 3 * ROUNDS; round++) {
    without.push(checkMs(file, []))
    drawn.push(checkMs(file, ['--reporter', `html=${page}`]))
  }
  const more = middle(drawn.map((ms, i) => ms / (without[i] ?? ms))) - 1
  print(
    `chaos check: ${middle(without).toFixed(0)} ms of processor time, with --reporter html ${(100 * more).toFixed(1)} % more, ${(statSync(page).size / 1e6).toFixed(2)} MB (goal: less than 10 %)`,
  )
}

/** Returns processor time, because elapsed time depends on the load of the machine. */
function checkMs(file: string, more: readonly string[]): number {
  const chaos = join(process.cwd(), 'packages', 'cli', 'bin', 'chaos.js')
  // The second line of `times` is for the shell's children: user and system time, as 0m1.250s (POSIX.1-2017).
  const { status, stdout } = spawnSync(
    'sh',
    ['-c', '"$@" > /dev/null; status=$?; times; exit $status', 'sh', process.execPath, chaos, 'check', file, ...more],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`chaos check ended with ${status}: npm run build comes first`)
  const times = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  return times.reduce((ms, [, minutes, seconds]) => ms + 60_000 * Number(minutes) + 1_000 * Number(seconds), 0)
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
