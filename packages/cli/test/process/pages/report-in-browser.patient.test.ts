import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { BRIEF_COMPARISON, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

describe('a report in a real browser', () => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (executablePath === undefined) return
    const args = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update']
    browser = await chromium.launch({ executablePath, args: [...args, '--disable-sync', '--no-first-run'] })
  })
  afterAll(() => browser?.close())

  /**
   * Opens a file in a window of a laptop's size. Fails the test for any error, and for any request beyond the file
   * itself.
   */
  async function open(file: string, look: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser!.newPage({ viewport: { width: 1280, height: 800 } })
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => request.url().startsWith('file:') || trouble.push(`asked for ${request.url()}`))
    await page.goto(pathToFileURL(file).href)
    await look(page)
    expect(trouble).toEqual([])
    await page.close()
  }

  const bottomOf = async (page: Page, selector: string) => {
    const box = await page.locator(selector).first().boundingBox()
    return box === null ? Number.POSITIVE_INFINITY : box.y + box.height
  }

  patientTest.skipIf(executablePath === undefined)(
    'a report copies exactly the Markdown that the reporter writes',
    async () => {
      const [report, comment] = ['report.html', 'comment.md'].map((name) => join(temporaryDirectory(), name))
      const reporters = [`html=${report}`, `markdown=${comment}`].flatMap((reporter) => ['--reporter', reporter])
      await chaosHere(['check', 'histories/stale-read.jsonl', ...reporters])
      await open(report!, async (page) => {
        await page.getByRole('button', { name: 'Copy Markdown' }).click()
        await page.getByRole('button', { name: 'Copied' }).waitFor()
        await page.evaluate("document.body.append(document.createElement('textarea'))")
        const place = page.locator('textarea').last()
        await place.focus()
        await page.keyboard.press('Control+V')
        const timeless = (text: string) => text.replaceAll(/[\d.]+ ms \|/g, '')
        expect(timeless(readFileSync(comment!, 'utf8'))).toContain(timeless(await place.inputValue()))
        expect(await place.inputValue()).toContain('Reproduce: ')
      })
    },
  )

  patientTest.skipIf(executablePath === undefined)(
    'a report prints on A4 without losing a column or a drawing',
    async () => {
      const out = temporaryDirectory()
      const run = [
        '--target',
        'primary-replica',
        '--faults',
        'kill,partition,pause,delay',
        '--time',
        '5s',
        '--seed',
        '1',
      ]
      await chaosHere(['run', '--sim', ...run, '--out', out])
      const directory = readdirSync(out).find((name) => name !== 'index.html') ?? ''
      await open(join(out, directory, 'report.html'), async (page) => {
        await page.emulateMedia({ media: 'print' })
        // 210 mm minus margins of 10 mm on both sides, at 96 pixels per inch.
        await page.setViewportSize({ width: 718, height: 1046 })
        expect(await page.locator('table.numbers').first().isVisible()).toBe(true)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(718)
      })
    },
  )

  patientTest.skipIf(executablePath === undefined)(
    'the timeline draws a part identically after the user scrolled to it and after the page was opened at it',
    async () => {
      const out = temporaryDirectory()
      const run = ['--target', 'primary-replica', '--faults', 'kill,partition', '--time', '20s', '--seed', '1']
      await chaosHere(['run', '--sim', ...run, '--rate', '1000', '--out', out])
      const directory = readdirSync(out).find((name) => name !== 'index.html') ?? ''
      await open(join(out, directory, 'report.html'), async (page) => {
        const press = async (...keys: readonly string[]) => {
          for (const key of keys) {
            await page.locator('#explorer').press(key)
            await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
          }
        }
        // The pictures are compared at a low resolution, where bars that moved by half a pixel look the same.
        const look = (width: number, height: number) =>
          page.evaluate<number[]>(`(() => {
            const copy = document.createElement('canvas')
            Object.assign(copy, { width: ${width}, height: ${height} })
            const context = copy.getContext('2d')
            context.drawImage(document.querySelector('#explorer'), 0, 0, ${width}, ${height})
            return [...context.getImageData(0, 0, ${width}, ${height}).data]
          })()`)
        const [near, far] = [() => look(1_200, 300), () => look(120, 40)]
        const difference = (one: readonly number[], other: readonly number[]) =>
          one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / one.length
        await press('Home', '+', '+')
        const [before, beforeFar] = [await near(), await far()]
        for (const [away, back] of [
          ['ArrowRight', 'ArrowLeft'],
          ['ArrowLeft', 'ArrowRight'],
        ] as const) {
          await press(away, away)
          const moved = await far()
          await page.evaluate("dispatchEvent(new Event('themechange'))")
          expect(difference(moved, await far())).toBeLessThan(difference(moved, beforeFar) / 4)
          await press(back, back)
          await page.evaluate("dispatchEvent(new Event('themechange'))")
        }
        expect(difference(await near(), before)).toBeLessThan(0.05)
        await press('ArrowRight', 'ArrowLeft', 'ArrowLeft', 'ArrowRight')
        expect(difference(await near(), before)).toBeLessThan(0.05)
      })
    },
  )

  test('a report shows the loss, the level and the whole contradiction of a stale read above the fold', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    const report = join(temporaryDirectory(), 'report.html')
    await chaosHere(['check', 'histories/stale-read.jsonl', '--out', report])
    await open(report, async (page) => {
      expect(await page.locator('h1').innerText()).toMatch(/^p\d+'s confirmed write was missing at n\d$/)
      expect(await page.locator('.standing').innerText()).toMatch(/^Not linearizable/)
      expect(await page.locator('body').innerText()).toContain('read 1')
      expect(await bottomOf(page, 'h1')).toBeLessThan(300)
      expect(await bottomOf(page, 'svg.why-svg')).toBeLessThan(900)
      await page.setViewportSize({ width: 400, height: 800 })
      expect(await bottomOf(page, 'svg.why-svg')).toBeLessThan(900)
      await page.reload()
      const accused = await page.locator('svg.why-svg .bar.bad').boundingBox()
      expect((accused?.x ?? 400) + (accused?.width ?? 0)).toBeLessThan(400)
      await page.setViewportSize({ width: 1280, height: 800 })
      const [svg, png] = [await saved(page, '#save-svg'), await saved(page, '#save-png')]
      expect([svg.name, png.name]).toEqual(['report.svg', 'report.png'])
      const drawn = join(temporaryDirectory(), 'why.svg')
      await chaosHere(['check', 'histories/stale-read.jsonl', '--out', report, '--reporter', `svg=${drawn}`, '--force'])
      expect(svg.bytes.toString()).toBe(readFileSync(drawn, 'utf8'))
      // The fifth 32-bit word of a PNG file is its width.
      expect([png.bytes.toString('latin1', 1, 4), png.bytes.readUInt32BE(16)]).toEqual(['PNG', 1_600])
    })
  })

  /** Checks a history with a stale read, and returns the path of the report. The report contains the proof. */
  async function proved(): Promise<string> {
    const [report, proof] = ['report.html', 'proof.jsonl'].map((name) => join(temporaryDirectory(), name))
    await chaosHere(['check', 'histories/stale-read.jsonl', '--prove', proof!, '--out', report!])
    return report!
  }

  /** Presses the button Verify, and returns the result. */
  async function verified(page: Page): Promise<string> {
    await page.getByRole('button', { name: 'Verify' }).press('Enter')
    await page.locator('#verified p').last().waitFor()
    return page.locator('#verified').innerText()
  }

  test('a report verifies its proof on a phone and a laptop in dark and light mode', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    await open(await proved(), async (page) => {
      await page.evaluate(readFileSync(join('node_modules', 'axe-core', 'axe.min.js'), 'utf8'))
      for (const [width, colorScheme] of [
        [400, 'dark'],
        [1400, 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        const text = await verified(page)
        expect(text).toMatch(
          /^Verified: linearizable is violated: these 3 operations admit no order \(\d+ steps tried\), see lines 2, 4, 6 of the history\.$/m,
        )
        expect(text).toMatch(/^Verified: sequential is met: an order of 6 operations explains every answer\.$/m)
        expect(text).not.toMatch(/Refused|Not verified/)
        expect(await page.evaluate(pageWidth)).toBe(width)
        expect(await page.evaluate(trespasses)).toEqual([])
      }
    })
  })

  test('a report refuses its proof if the history, the hash or the proof in the page was changed', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    const file = await proved()
    const text = readFileSync(file, 'utf8')
    const packed = (id: string) => text.match(new RegExp(`id="${id}">"(.*?)"<`))?.[1] ?? ''
    const [history, proof] = [packed('proved-history'), packed('proof-text')]
    const unpacked = (base64: string) => gunzipSync(Buffer.from(base64, 'base64')).toString()
    const pack = (changed: string) => gzipSync(changed).toString('base64')
    // Makes the stale read return the last written value, so that the history is linearizable.
    const honest = unpacked(history).replace('"value": 1, "node": "n2"', '"value": 2, "node": "n2"')
    const hashOf = (some: string) => createHash('sha256').update(some).digest('hex')
    const ofHonest = unpacked(proof).replace(hashOf(unpacked(history)), hashOf(honest))
    const otherCore = unpacked(proof).replace(/"core":\[[^\]]*/, '"core":[2')
    for (const [tampered, said] of [
      [text.replace(history, pack(honest)), /^Refused: the proof is of another history/],
      [
        text.replace(history, pack(honest)).replace(proof, pack(ofHonest)),
        /^Refused: not shown that linearizable is violated: an order of the core explains .*, see lines 2, 4, 6 of the history\.$/m,
      ],
      [
        text.replace(proof, pack(otherCore)),
        /^Refused: not shown that linearizable is violated: .*, see line 2 of the history\.$/m,
      ],
      [text.replace(history, pack('')), /^Refused: /],
      [text.replace(proof, pack('')), /^Not verified: /],
    ] as const) {
      expect(tampered).not.toBe(text)
      writeFileSync(file, tampered)
      await open(file, async (page) => expect(await verified(page)).toMatch(said))
    }
  })

  async function saved(page: Page, button: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)])
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
  }

  patientTest(
    'a page shows every step of a scenario next to its drawing, in dark and in light mode',
    async (context) => {
      if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
      const page = join(temporaryDirectory(), 'story.html')
      await chaosHere(['scenario', 'burrito-and-taco', '--html', page])
      await open(page, async (shown) => {
        for (const colorScheme of ['dark', 'light'] as const) {
          await shown.emulateMedia({ colorScheme })
          expect(await shown.locator('h1').innerText()).toBe('Burrito and taco')
          expect(await shown.locator('.told-page > ol > li').count()).toBeGreaterThan(5)
          const [words, told, fixed] = await Promise.all(
            ['.says', '.cell.told', '.cell.fixed'].map((part) =>
              shown.locator(`.told-page > ol > li:first-child > ${part}`).first().boundingBox(),
            ),
          )
          expect(words!.x).toBeLessThan(told!.x)
          expect(told!.x).toBeLessThan(fixed!.x)
          // The page tells the story of two systems that fail, and each of them breaks its promise in one step.
          expect(await shown.locator('.told-page li.breaks').count()).toBe(2)
          expect(await shown.locator('.wall').first().isVisible()).toBe(true)
        }
      })
    },
  )

  patientTest(
    'a page shows every system of a comparison in its picture and its tables, in dark and in light mode',
    async (context) => {
      if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
      const page = join(temporaryDirectory(), 'compare.html')
      const targets = ['raft', 'master-master']
      const quick = [...BRIEF_COMPARISON, '--rate', '50', '--seed', '2']
      await chaosHere(['compare', '--targets', targets.join(','), '--faults', 'partition', ...quick, '--html', page])
      await open(page, async (shown) => {
        for (const colorScheme of ['dark', 'light'] as const) {
          await shown.emulateMedia({ colorScheme })
          expect(await shown.locator('h1').innerText()).toMatch(/^None of 2 systems|broke (its|their) promise/)
          for (const target of targets) expect(await shown.locator('svg.plot').first().textContent()).toContain(target)
          expect(await shown.locator('table').count()).toBe(3)
          const plot = await shown.locator('svg.plot').first().boundingBox()
          expect(plot!.width).toBeGreaterThan(600)
        }
        await sortByKeyboard(shown)
        await shown.setViewportSize({ width: 390, height: 844 })
        expect(await shown.locator('svg.plot.narrow').isVisible()).toBe(true)
        expect(await shown.evaluate(pageWidth)).toBe(390)
      })
    },
  )

  patientTest('a report draws the operations of a run, in dark and in light mode', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    const out = temporaryDirectory()
    await chaosHere(['run', '--sim', '--seed', '3', '--time', '3s', '--faults', 'partition', '--out', out])
    await open(join(out, readdirSync(out)[0]!, 'report.html'), async (page) => {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await page.locator('h1').innerText()).toMatch(/^linearizable/i)
        expect(await page.locator('canvas').first().isVisible()).toBe(true)
        const colours = await page
          .locator('canvas')
          .first()
          .evaluate((element) => {
            const canvas = element as unknown as {
              width: number
              height: number
              getContext(kind: '2d'): {
                getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray }
              }
            }
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
            return new Set(new Uint32Array(data.buffer)).size
          })
        expect(colours).toBeGreaterThan(3)
      }
    })
  })

  patientTest('a report has no overlapping texts at a width of 800 pixels', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    const out = temporaryDirectory()
    await chaosHere(['run', '--sim', '--bug', 'stale-read', '--seed', '3', '--time', '5s', '--out', out])
    await open(join(out, readdirSync(out)[0]!, 'report.html'), async (page) => {
      await page.setViewportSize({ width: 800, height: 900 })
      expect(await page.evaluate(overlaps)).toEqual([])
    })
  })

  patientTest(
    'a report draws each client in its own lane, and marks only the contradiction that is unfolded',
    async (context) => {
      if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
      const out = temporaryDirectory()
      // With `--expect`, the violated level is not folded away.
      const held = ['--expect', 'linearizable', '--out', out]
      await chaosHere(['run', '--sim', '--target', 'master-master', '--seed', '3', '--time', '5s', ...held])
      await open(join(out, readdirSync(out)[0]!, 'report.html'), async (page) => {
        const data = JSON.parse(await page.locator('#data').innerHTML()) as { lanes: string[]; focus: number[] }
        expect(new Set(data.lanes).size).toBe(data.lanes.length)
        expect(data.focus.length).toBeGreaterThan(0)
        const tall = await page.locator('#timeline-rows').evaluate((element) => element.getBoundingClientRect().height)
        expect(tall).toBeGreaterThanOrEqual(15 * data.lanes.length)
        const red = () => page.locator('#explorer').getAttribute('data-in-red')
        expect(await red()).toBe(String(data.focus.length))
        const other = page.locator('.also details[data-lines]').first()
        const lines = ((await other.getAttribute('data-lines')) ?? '').split(' ')
        await other.locator('> summary').click()
        await expect.poll(red).toBe(String(lines.length))
      })
    },
  )

  patientTest('a report has the same content from the installed package as from the sources', async (context) => {
    if (executablePath === undefined) context.skip('needs chromium: sudo bash scripts/install-servers.sh')
    const out = temporaryDirectory()
    await chaosHere(['run', '--sim', '--bug', 'stale-read', '--seed', '3', '--time', '5s', '--out', out])
    const history = join(out, readdirSync(out)[0]!, 'history.jsonl')
    const [fromSources, installed] = [join(out, 'sources.html'), join(out, 'installed.html')]
    await chaosHere(['check', history, '--out', fromSources])
    await chaosHere(['check', history, '--out', installed])
    const said: string[][] = []
    for (const file of [fromSources, installed]) {
      await open(file, async (page) => {
        said.push(await useEverything(page))
      })
    }
    expect(said[0]).toEqual(said[1])
    // Every control changes the text or the drawing.
    expect(said[0]![0]).toMatch(/part of the contradiction/)
    expect(said[0]!.filter((now, i, all) => now === all[i - 1])).toEqual([])
  })
})

/** Runs in a page with axe, and returns the violated accessibility rules in the part about the proof. */
const trespasses = `axe.run(document.querySelector('section:has(#proof)')).then(({ violations }) => violations.map(({ id }) => id))`

/** Uses every control of a page once. Returns the texts and drawings at first and after each control. */
async function useEverything(page: Page): Promise<string[]> {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const said: string[] = []
  const after = async (action: Promise<unknown>): Promise<void> => {
    await action
    const { texts, picture } = await page.evaluate(sayings)
    said.push([...texts, createHash('sha256').update(picture).digest('hex')].join(' | '))
  }
  await after(Promise.resolve())
  const timeline = page.locator('#explorer')
  for (const key of ['n', 'ArrowLeft', '+', 'p', '-', 'ArrowRight', 'Home']) await after(timeline.press(key))
  await after(timeline.click({ position: { x: 300, y: 60 } }))
  for (const id of ['#zoom-in', '#zoom-out', '#to-contradiction', '#zoom-chosen']) await after(page.click(id))
  await after(page.click('#minimap', { position: { x: 600, y: 20 } }))
  await after(page.click('#zoom-all'))
  await after(page.fill('#by-text', 'write'))
  await after(page.fill('#by-text', ''))
  for (const outcome of ['fail', 'info', 'ok']) await after(page.selectOption('#by-outcome', { label: outcome }))
  await after(page.selectOption('#by-node', { index: 1 }))
  await after(timeline.dragTo(timeline, { sourcePosition: { x: 500, y: 90 }, targetPosition: { x: 200, y: 90 } }))
  const charts = page.getByRole('region', { name: 'Charts' })
  await after(charts.hover())
  await after(charts.press('ArrowRight'))
  await after(charts.click({ position: { x: 400, y: 120 } }))
  await after(page.locator('.story li').first().focus())
  await after(page.keyboard.press('ArrowDown'))
  await after(page.click('#theme'))
  await after(page.click('#theme'))
  await after(page.click('#copy'))
  return said
}

/**
 * Runs in the page. Waits until a requested drawing is complete. Returns what the user's input can change: texts, the
 * HTML of elements, and the drawn timeline as a data URL.
 */
async function sayings(): Promise<{ texts: string[]; picture: string }> {
  interface Element {
    readonly textContent: string
    readonly outerHTML: string
    toDataURL(): string
  }
  const { document, requestAnimationFrame } = globalThis as unknown as {
    document: { querySelector(selector: string): Element; querySelectorAll(selector: string): Iterable<Element> }
    requestAnimationFrame(next: () => void): void
  }
  for (let frame = 0; frame < 2; frame++) await new Promise<void>((drawn) => requestAnimationFrame(drawn))
  const texts = ['#detail', '#found', '#chart-detail', '#theme', '#copy'].map(
    (id) => document.querySelector(id).textContent,
  )
  const lit = [...document.querySelectorAll('.on')].map((element) => element.outerHTML)
  const cursor = document.querySelector('#cursor').outerHTML
  return { texts: [...texts, ...lit, cursor], picture: document.querySelector('#explorer').toDataURL() }
}

async function sortByKeyboard(page: Page): Promise<void> {
  const head = page.locator('table.levels thead th').nth(1)
  await head.getByRole('button').focus()
  expect(await head.getAttribute('aria-sort')).toBe('none')
  for (const [order, names] of [
    ['ascending', ['master-master', 'raft']],
    ['descending', ['raft', 'master-master']],
  ] as const) {
    await page.keyboard.press('Enter')
    expect(await head.getAttribute('aria-sort')).toBe(order)
    expect(await page.locator('table.levels tbody th').allInnerTexts()).toEqual(names)
  }
  const available = page.locator('#under-partition + .scroll thead th').nth(1)
  await available.getByRole('button').press('Space')
  expect(await available.getAttribute('aria-sort')).toBe('ascending')
  expect((await page.locator('#under-partition + .scroll tbody th').allInnerTexts())[0]).toContain('raft')
}

/** Runs in the page, and returns its width, including overflowing content. */
const pageWidth = (): number =>
  (globalThis as unknown as { document: { documentElement: { scrollWidth: number } } }).document.documentElement
    .scrollWidth

/** Runs in the page, and returns the pairs of texts that overlap. */
function overlaps(): string[] {
  interface Rect {
    readonly left: number
    readonly right: number
    readonly top: number
    readonly bottom: number
  }
  interface Element {
    readonly textContent: string
    getBoundingClientRect(): Rect
    checkVisibility(): boolean
    contains(other: Element): boolean
    matches(selector: string): boolean
    readonly parentElement: Element | null
  }
  const page = (globalThis as unknown as { document: { querySelectorAll(selector: string): Iterable<Element> } })
    .document
  const texts = [...page.querySelectorAll('h1,h2,h3,p,li,td,th,dt,dd,svg text,summary,label')].filter(
    (element) => element.checkVisibility() && element.textContent.trim() !== '',
  )
  // Elements that are scrolled out of sight overlap nothing.
  const inSight = (element: Element): Rect => {
    let { left, right, top, bottom } = element.getBoundingClientRect()
    for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
      if (!parent.matches('.scroll, .tall')) continue
      const window = parent.getBoundingClientRect()
      ;[left, right] = [Math.max(left, window.left), Math.min(right, window.right)]
      ;[top, bottom] = [Math.max(top, window.top), Math.min(bottom, window.bottom)]
    }
    return { left, right, top, bottom }
  }
  const found: string[] = []
  for (const [i, one] of texts.entries()) {
    const a = inSight(one)
    for (const other of texts.slice(i + 1)) {
      if (one.contains(other) || other.contains(one)) continue
      const b = inSight(other)
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      if (wide > 2 && high > 3)
        found.push(`${one.textContent.trim().slice(0, 40)} | ${other.textContent.trim().slice(0, 40)}`)
    }
  }
  return found
}

patientTest.skipIf(executablePath === undefined)(
  'a report is fully usable by keyboard: keys copy commands, open folded parts and keep the focus',
  async () => {
    const out = temporaryDirectory()
    await chaosHere([
      'run',
      '--sim',
      '--target',
      'watch-cache',
      '--faults',
      'partition',
      '--seed',
      '4',
      '--time',
      '4s',
      '--out',
      out,
    ])
    const directory = readdirSync(out).find((name) => name !== 'index.html') ?? ''
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--no-first-run'] })
    onTestFinished(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    await page.goto(pathToFileURL(join(out, directory, 'report.html')).href)
    const [terms, definitions] = [page.getByRole('term'), page.getByRole('definition')]
    const answers = page.locator('.answers')
    expect(await answers.getByRole('term').allInnerTexts()).toContain('Next')
    expect(await terms.count()).toBe(await definitions.count())

    // Every Tab stop has a name and is visible, and none is the whole page.
    const stops: string[] = []
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate<string>(nameOfFocused)
      if (stop === 'BODY') break
      stops.push(stop)
    }
    expect(stops.filter((stop) => stop.endsWith(': '))).toEqual([])
    expect(stops[0]).toBe('A: Skip to the explanation')
    const order = ['BUTTON: Copy', 'SUMMARY: ', 'CANVAS: '].map((start) =>
      stops.findIndex((stop) => stop.startsWith(start)),
    )
    expect(order, stops.join('\n')).toEqual(order.toSorted((a, b) => a - b))
    expect(order).not.toContain(-1)

    // A part about a level that was not promised is folded. Enter opens it, Space closes it, and it keeps the focus.
    const folded = page.locator('details:has(#why) > summary')
    const isOpen = () => page.locator('details:has(#why)').evaluate((element) => element.hasAttribute('open'))
    await folded.focus()
    expect(await isOpen()).toBe(false)
    for (const [key, after] of [
      ['Enter', true],
      ['Space', false],
      ['Enter', true],
    ] as const) {
      await page.keyboard.press(key)
      expect(await isOpen()).toBe(after)
      expect(await page.evaluate<string>(nameOfFocused)).toMatch(/^SUMMARY/)
    }
    expect(await page.getByRole('region', { name: /^Drawing of the contradiction/ }).isVisible()).toBe(true)

    const copy = page.locator('#copy')
    await copy.focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate<string>(nameOfFocused)).toBe('BUTTON: Copied')
  },
)

/** Runs in the page, and returns the kind and the accessible name of the focused element. */
function nameOfFocused(): string {
  interface Named {
    readonly tagName: string
    readonly textContent: string | null
    readonly labels?: readonly Named[] | null
    getAttribute(name: string): string | null
  }
  const { document } = globalThis as unknown as {
    document: { readonly activeElement: Named; getElementById(id: string): Named | null }
  }
  const { activeElement: element } = document
  if (element.tagName === 'BODY') return 'BODY'
  const by = document.getElementById(element.getAttribute('aria-labelledby') ?? '')
  const name =
    element.getAttribute('aria-label') ?? by?.textContent ?? element.labels?.[0]?.textContent ?? element.textContent
  return `${element.tagName}: ${(name ?? '').trim()}`
}
