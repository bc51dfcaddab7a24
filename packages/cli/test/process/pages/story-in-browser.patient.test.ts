import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { stories } from '@chaosproxy/scenarios'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const without = executablePath === undefined

const pageOf = async (story: string): Promise<URL> => {
  const file = join(temporaryDirectory(), `${story}.html`)
  await chaosHere(['scenario', story, '--html', file])
  return pathToFileURL(file)
}

describe('the page of a scenario in a real browser', () => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (executablePath === undefined) return
    const args = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update']
    browser = await chromium.launch({ executablePath, args: [...args, '--disable-sync', '--no-first-run'] })
  })
  afterAll(() => browser?.close())

  /**
   * Opens a page in a file. Fails the test for any error in the page, and for any request other than the one for the
   * file.
   */
  async function open(
    url: URL,
    look: (page: Page) => Promise<void>,
    settings: { readonly javaScriptEnabled?: boolean } = {},
  ): Promise<void> {
    const context = await browser!.newContext({
      viewport: { width: 1400, height: 900 },
      reducedMotion: 'reduce',
      ...settings,
    })
    const page = await context.newPage()
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => /^(file|data):/.test(request.url()) || trouble.push(request.url()))
    await page.goto(url.href)
    await look(page)
    expect(trouble).toEqual([])
    await context.close()
  }

  const hash = (page: Page): Promise<string> => page.evaluate<string>('location.hash')
  const current = (page: Page): Promise<readonly string[]> =>
    page.locator('[aria-current=step]').evaluateAll((rows) => rows.map(({ id }) => id))

  test.skipIf(without)(
    'keys step through the page of a scenario, and each step is added to the browser history',
    async () => {
      await open(await pageOf('burrito-and-taco'), async (page) => {
        const status = page.getByRole('status')
        expect(await current(page)).toEqual([])
        expect(await page.locator('.ahead').count()).toBe(0)
        await page.keyboard.press('ArrowRight')
        await page.keyboard.press('j')
        await page.keyboard.press('ArrowDown')
        expect([await current(page), await hash(page)]).toEqual([['step=3'], '#step=3'])
        expect(await status.textContent()).toBe('Step 3 of 9: Ana sees $10.')
        expect(await page.locator('.ahead').first().getAttribute('id')).toBe('step=4')
        await page.keyboard.press('ArrowLeft')
        await page.keyboard.press('k')
        await page.keyboard.press('k')
        expect(await hash(page)).toBe('#step=1')
        await page.keyboard.press('End')
        expect(await status.textContent()).toMatch(/^Step 9 of 9/)
        await page.keyboard.press('Home')
        expect(await hash(page)).toBe('#step=1')
        for (const expected of ['#step=9', '#step=1', '#step=2']) {
          await page.goBack()
          await expect.poll(() => hash(page)).toBe(expected)
          await expect.poll(() => current(page)).toEqual([expected.slice(1)])
        }
        await page.keyboard.press('Escape')
        expect([await current(page), await hash(page), await page.locator('.ahead').count()]).toEqual([[], '', 0])
      })
    },
  )

  test.skipIf(without)(
    'the page of a scenario opens at the step in the URL, marks it in both runs, and has buttons for the next step',
    async () => {
      const url = await pageOf('burrito-and-taco')
      await open(new URL('#step=6', url), async (page) => {
        // The accident (`told`) has no step 6, so the page marks step 5 there. The fixed run has step 6.
        const marked = () =>
          page
            .locator('.cell.now')
            .evaluateAll((cells) => cells.map((cell) => `${cell.parentElement?.id} ${cell.className}`))
        expect(await marked()).toEqual(['step=5 cell told now', 'step=6 cell fixed now'])
        await page.getByRole('button', { name: 'Next' }).click()
        expect(await marked()).toEqual(['step=7 cell told now', 'step=7 cell fixed now'])
        expect(await page.getByRole('status').textContent()).toContain('✘ spent $15 of $10')
        for (const _ of [8, 9, 1]) await page.getByRole('button', { name: 'Next' }).click()
        expect([await current(page), await hash(page)]).toEqual([['telling=2&step=1'], '#telling=2&step=1'])
        await page.keyboard.press('End')
        expect(await page.getByRole('button', { name: 'Next' }).getAttribute('aria-disabled')).toBe('true')
        await page.getByRole('link', { name: 'Step 2' }).last().click()
        await expect.poll(() => current(page)).toEqual(['telling=2&step=2'])
        await page.getByRole('button', { name: 'Show all' }).click()
        expect([await current(page), await hash(page)]).toEqual([[], ''])
        await page.locator('#step\\=4').evaluate((row) => row.scrollIntoView())
        await page.getByRole('button', { name: 'Theme: auto' }).click()
      })
    },
  )

  test.skipIf(without)(
    'the page of a scenario shows all texts without JavaScript, and in print even if one step is selected',
    async () => {
      const url = await pageOf('burrito-and-taco')
      const words = '.says p, .cell .belief, .ending'
      const hidden = (page: Page): Promise<number> => page.locator(words).filter({ visible: false }).count()
      await open(
        url,
        async (page) => {
          expect([await hidden(page), await page.locator('#stepper').isVisible()]).toEqual([0, false])
        },
        { javaScriptEnabled: false },
      )
      await open(new URL('#step=2', url), async (page) => {
        await page.emulateMedia({ media: 'print' })
        expect([await hidden(page), await page.locator('#stepper').isVisible()]).toEqual([0, false])
        const colours = await page.locator('.says.told').evaluateAll((all) => {
          const { getComputedStyle } = globalThis as unknown as { getComputedStyle(of: unknown): { color: string } }
          return all.map((each) => getComputedStyle(each).color)
        })
        expect(new Set(colours).size).toBe(1)
      })
    },
  )

  test.skipIf(without)(
    'the page of a scenario draws a partition as a line without gaps between boxes and rows',
    async () => {
      await open(await pageOf('split-brain'), async (page) => {
        const walls = await page.locator('.cell.told .wall').evaluateAll((all) =>
          all.map((wall) => {
            const { top, bottom } = (
              wall as unknown as { getBoundingClientRect(): { top: number; bottom: number } }
            ).getBoundingClientRect()
            return { top, bottom }
          }),
        )
        expect(walls.length).toBeGreaterThan(5)
        // A row ends with a border of one pixel.
        for (const [i, { top }] of walls.entries())
          if (i > 0) expect(Math.abs(top - walls[i - 1]!.bottom)).toBeLessThanOrEqual(1.5)
      })
    },
  )

  const brokenWords = `[...document.querySelectorAll('.belief span')].flatMap((line) => {
    const words = [...line.textContent.matchAll(/[\\p{L}\\p{N}]+/gu)]
    return words.flatMap(({ 0: word, index }) => {
      const range = document.createRange()
      range.setStart(line.firstChild, index)
      range.setEnd(line.firstChild, index + word.length)
      return range.getClientRects().length > 1 ? [word] : []
    })
  })`
  const sticksOut = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  const access = 'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html].join(" ")))'
  const axe = (): string => readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8')

  const looked = process.env['CHAOS_SOAK'] === 'short' ? stories.filter((_, i) => i % 6 === 0) : stories

  patientTest.skipIf(without).each(looked)(
    'the page of a scenario fits a phone, a tablet and a laptop in dark and light mode, and breaks no word: $name',
    async ({ name }) => {
      await open(await pageOf(name), async (page) => {
        await page.evaluate(axe())
        for (const [width, colorScheme, step] of [
          [400, 'dark', ''],
          [800, 'light', ''],
          [1400, 'dark', '#step=2'],
          [1400, 'light', '#step=2'],
        ] as const) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          await page.evaluate(`location.hash = '${step}'`)
          await expect.poll(async () => (await current(page)).length).toBe(step === '' ? 0 : 1)
          expect(await page.evaluate(sticksOut), `${width} px`).toBe(0)
          expect(await page.evaluate(brokenWords), `${width} px`).toEqual([])
          expect(await page.evaluate(access), `${width} px, ${colorScheme}`).toEqual([])
        }
      })
    },
  )
})
