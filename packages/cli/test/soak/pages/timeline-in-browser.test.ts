import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Returns the address of the report of a short run with a stale read. */
async function reportOf(...more: readonly string[]): Promise<string> {
  const out = temporaryDirectory()
  await chaosHere(['run', '--sim', '--bug', 'stale-read', '--seed', '3', '--time', '5s', '--out', out, ...more])
  return pathToFileURL(join(out, readdirSync(out).find((name) => name !== 'index.html')!, 'report.html')).href
}

async function openedAt(url: string): Promise<Page> {
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--no-first-run'] })
  onTestFinished(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, hasTouch: true })
  const trouble: string[] = []
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
  page.on('request', (request) => request.url().startsWith('file:') || trouble.push(request.url()))
  onTestFinished(() => expect(trouble).toEqual([]))
  await page.goto(url)
  return page
}

const hashOf = async (page: Page): Promise<URLSearchParams> =>
  new URLSearchParams((await page.evaluate<string>('location.hash')).slice(1))

const stretchOf = async (page: Page): Promise<number> => {
  const [from = 0, to = 0] = ((await hashOf(page)).get('t') ?? '').split('-').map(Number)
  return to - from
}

const detail = (page: Page): Promise<string> => page.locator('#detail').innerText()

test.skipIf(executablePath === undefined)(
  'the URL of a report stores and restores the visible part, the chosen operation and the filters',
  async () => {
    const url = await reportOf()
    const page = await openedAt(url)
    expect(await page.evaluate('location.hash')).toBe('')
    await page.selectOption('#by-outcome', 'ok')
    await page.selectOption('#by-function', { label: 'write' })
    await page.fill('#by-text', 'n1')
    await page.locator('#explorer').press('n')
    // The address is updated after a delay. Until then it contains the previously chosen operation.
    const chosen = async (): Promise<string> =>
      `line ${Number((await hashOf(page)).get('op')).toLocaleString('en-US')} `
    await expect.poll(async () => /write/.test(await detail(page))).toBe(true)
    await expect.poll(async () => (await detail(page)).includes(await chosen())).toBe(true)
    await expect.poll(async () => [...(await hashOf(page)).keys()]).toEqual(['t', 'op', 'outcome', 'function', 'text'])
    const said = [await detail(page), await page.locator('#found').innerText()]
    const again = await openedAt(await page.evaluate<string>('location.href'))
    expect([await detail(again), await again.locator('#found').innerText()]).toEqual(said)
    expect(await again.locator('#by-function').inputValue()).toBe(await page.locator('#by-function').inputValue())
  },
)

test.skipIf(executablePath === undefined)(
  'a click on a line of the text or on a bar of the drawing opens the operation in the timeline',
  async () => {
    const page = await openedAt(await reportOf())
    const step = page.locator('.story li.bad').first()
    const line = await step.getAttribute('data-line')
    await page.locator('#zoom-all').click()
    await step.locator('a').click()
    expect(await detail(page)).toContain('what cannot be')
    expect(await detail(page)).toContain(`line ${Number(line).toLocaleString('en')} `)
    const inSight = await page.locator('#explorer').evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect()
      return top >= 0 && bottom <= 900
    })
    expect(inSight).toBe(true)
    const first = page.locator('svg.why-svg g.op').first()
    await first.click()
    expect(await detail(page)).toContain(`line ${Number(await first.getAttribute('data-line')).toLocaleString('en')}`)
    expect(await page.locator('.chosen').count()).toBe(2)
    await page.click('#to-contradiction')
    await expect.poll(() => step.getAttribute('class')).toContain('chosen')
  },
)

test.skipIf(executablePath === undefined)(
  'dragging with Shift or with two fingers zooms the timeline, and the overview strip moves it',
  async () => {
    const page = await openedAt(await reportOf())
    const timeline = page.locator('#explorer')
    await page.click('#zoom-all')
    await expect.poll(() => stretchOf(page)).toBeGreaterThan(4)
    const box = (await timeline.boundingBox())!
    await timeline.scrollIntoViewIfNeeded()
    const at = async (share: number): Promise<[number, number]> => {
      const now = (await timeline.boundingBox())!
      return [now.x + now.width * share, now.y + 60]
    }
    await page.keyboard.down('Shift')
    await page.mouse.move(...(await at(0.4)))
    await page.mouse.down()
    await page.mouse.move(...(await at(0.6)), { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await expect.poll(() => stretchOf(page)).toBeLessThan(2)
    const marked = await stretchOf(page)
    await page.evaluate(pinchBy, { width: box.width, factor: 2 })
    await expect.poll(() => stretchOf(page)).toBeCloseTo(marked / 2, 3)
    const before = (await hashOf(page)).get('t')
    await page.click('#minimap', { position: { x: box.width * 0.9, y: 18 } })
    await expect.poll(async () => (await hashOf(page)).get('t')).not.toBe(before)
    expect(await stretchOf(page)).toBeCloseTo(marked / 2, 3)
  },
)

/** Runs in the page. Moves two fingers on the timeline apart by this factor. */
function pinchBy({ width, factor }: { width: number; factor: number }): void {
  interface Element {
    getBoundingClientRect(): { left: number; top: number }
    dispatchEvent(event: unknown): void
    setPointerCapture(id: number): void
  }
  const { document, PointerEvent } = globalThis as unknown as {
    document: { querySelector(selector: string): Element }
    PointerEvent: new (type: string, about: object) => unknown
  }
  const canvas = document.querySelector('#explorer')
  // The browser's own `setPointerCapture` throws for the pointers of synthetic events, such as those below.
  canvas.setPointerCapture = () => {}
  const { left, top } = canvas.getBoundingClientRect()
  const finger = (type: string, pointerId: number, x: number): void =>
    canvas.dispatchEvent(new PointerEvent(type, { pointerId, clientX: left + x, clientY: top + 60, bubbles: true }))
  const [middle, apart] = [width / 2, 100]
  finger('pointerdown', 11, middle - apart)
  finger('pointerdown', 12, middle + apart)
  finger('pointermove', 11, middle - apart * factor)
  finger('pointermove', 12, middle + apart * factor)
  finger('pointerup', 11, middle - apart * factor)
  finger('pointerup', 12, middle + apart * factor)
}

test.skipIf(executablePath === undefined)(
  'the report of a run fits a phone, a tablet and a laptop in dark and light mode',
  async () => {
    const page = await openedAt(await reportOf('--target', 'primary-replica', '--faults', 'kill,partition'))
    await page.evaluate(readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8'))
    for (const colorScheme of ['dark', 'light'] as const)
      for (const width of [400, 800, 1400]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width)
        const found = 'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))'
        expect(await page.evaluate(found), `${width} px, ${colorScheme}`).toEqual([])
      }
  },
)
