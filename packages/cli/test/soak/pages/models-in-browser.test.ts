import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { BRIEF_COMPARISON, chaos, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { interrupted } from '../../pages/tellings.ts'

// For every model, a violation fits on one screen, both as a page on a laptop and as text in a terminal.
// CHAOS_SOAK=short shows each page only on a phone in dark mode and on a laptop in light mode.
const short = process.env['CHAOS_SOAK'] === 'short'
const SCREENS = [400, 800, 1400].flatMap((width) => [
  { width, colorScheme: 'dark' as const },
  { width, colorScheme: 'light' as const },
])
const LOOKED_AT = short ? [SCREENS[0]!, SCREENS.at(-1)!] : SCREENS

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

const replicas = ['--target', 'primary-replica', '--faults', 'partition,kill', '--seed', '1'] as const

/** For each workload, a simulated run that violates its level. */
const RUNS: { readonly [workload: string]: readonly string[] } = {
  register: [...replicas, '--time', '5s'],
  'lost updates': ['--target', 'master-master', '--faults', 'partition', '--seed', '3', '--time', '5s'],
  'causes and effects': [...replicas.slice(0, 3), 'partition', '--seed', '5', '--time', '5s', '--expect', 'causal'],
  append: ['--workload', 'append', '--target', 'master-master', '--faults', 'partition', '--time', '2s'],
  counter: ['--workload', 'counter', '--target', 'master-master', '--faults', 'partition', '--time', '5s'],
  set: ['--workload', 'set', ...replicas, '--time', '5s'],
  queue: ['--workload', 'queue', '--target', 'broker', '--set', 'delivery=at-most-once', '--faults', 'lose-reply,kill'],
  lock: ['--workload', 'lock', '--target', 'redlock', '--set', 'ttl-ms=100', '--faults', 'pause,clock', '--time', '8s'],
  'list-append': ['--workload', 'list-append', ...replicas, '--time', '5s'],
  log: ['--workload', 'log', ...replicas, '--time', '5s'],
  'final states': [
    ...['--target', 'primary-replica', '--bug', 'no-fencing', '--faults', 'partition,kill', '--seed', '3'],
    ...['--time', '5s', '--expect', 'eventual'],
  ],
  bank: ['--workload', 'bank', '--target', 'master-master', '--faults', 'partition', '--time', '5s'],
}

type Line = readonly [process: number, f: string, input: unknown, output: unknown, key?: string]

/** Histories of models that no simulated system supports. */
const FILES: { readonly [model: string]: readonly Line[] } = {
  watch: [
    [1, 'put', 1, 2, 'x'],
    [2, 'put', 2, 3, 'x'],
    [3, 'put', 3, 4, 'y'],
    [7, 'watch', { watch: 1, from: 2 }, { revision: 4 }],
    [
      7,
      'watched',
      { watch: 1 },
      [{ events: [{ revision: 2, key: 'x', value: 1 }] }, { events: [{ revision: 4, key: 'y', value: 3 }] }],
    ],
  ],
  'multi-register': [
    [
      0,
      'txn',
      [
        ['write', 'x', 1],
        ['write', 'y', 1],
      ],
      [
        ['write', 'x', 1],
        ['write', 'y', 1],
      ],
    ],
    [
      1,
      'txn',
      [
        ['read', 'x', null],
        ['read', 'y', null],
      ],
      [
        ['read', 'x', 1],
        ['read', 'y', null],
      ],
    ],
  ],
  'list-append': [
    ...['x', 'y'].map((key, process): Line => {
      const changes = [['append', key, 1]]
      return [
        process,
        'txn',
        [['r', 'x', null], ['r', 'y', null], ...changes],
        [['r', 'x', []], ['r', 'y', []], ...changes],
      ]
    }),
  ],
  'rw-register': [
    [0, 'txn', [['w', 'x', 1]], [['w', 'x', 1]]],
    [
      1,
      'txn',
      [
        ['r', 'x', null],
        ['r', 'x', null],
      ],
      [
        ['r', 'x', null],
        ['r', 'x', 1],
      ],
    ],
  ],
  'unique-ids': [
    [1, 'generate', null, 7],
    [2, 'generate', null, 7],
  ],
}

interface Broken {
  readonly page: string
  readonly terminal: string
}

async function brokenRun(settings: readonly string[]): Promise<Broken> {
  const out = temporaryDirectory()
  const seed = settings.includes('--seed') ? [] : ['--seed', '1']
  const args = ['run', '--sim', '--expect', 'linearizable', ...seed, ...settings, '--out', out]
  const { stdout, exitCode } = await narrow(args)
  expect(exitCode).toBe(1)
  const directory = readdirSync(out).find((name) => name !== 'index.html') ?? ''
  return { terminal: stdout, page: join(out, directory, 'report.html') }
}

async function brokenFile(model: string, lines: readonly Line[]): Promise<Broken> {
  const [file, page] = ['history.jsonl', 'report.html'].map((name) => join(temporaryDirectory(), name))
  const events = lines.flatMap(([process, f, input, output, key], i) => {
    const about = { process, f, node: `n${(process % 3) + 1}`, ...(key === undefined ? {} : { key }) }
    return [
      { ...about, index: 2 * i, time: i * 10e6, type: 'invoke', value: input },
      { ...about, index: 2 * i + 1, time: i * 10e6 + 5e6, type: 'ok', value: output },
    ]
  })
  writeFileSync(file!, [{ chaos: 1, model }, ...events].map((line) => `${JSON.stringify(line)}\n`).join(''))
  const { stdout } = await narrow(['check', file!, '--out', page!])
  return { terminal: stdout, page: page! }
}

async function narrow(args: readonly string[]) {
  const before = process.env['COLUMNS']
  process.env['COLUMNS'] = '80'
  onTestFinished(() => {
    if (before === undefined) delete process.env['COLUMNS']
    else process.env['COLUMNS'] = before
  })
  return chaosHere(args)
}

/** Simulated runs take the most time, so the short soak uses only every second one of them. */
const MODELS = [
  ...Object.entries(RUNS)
    .filter((_, i) => !short || i % 2 === 0)
    .map(([name, settings]) => [name, () => brokenRun(settings)] as const),
  ...Object.entries(FILES).map(([name, lines]) => [name, () => brokenFile(name, lines)] as const),
]

describe.each(MODELS)('the report of a violation of %s', (_, broken) => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (executablePath !== undefined)
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run'] })
  })
  afterAll(() => browser?.close())

  test('the report fits one screen of a terminal and of a browser, names the consequence for users, and is accessible', async () => {
    const { page: file, terminal } = await broken()
    const lines = terminal.replace(/\n$/, '').split('\n')
    expect(lines.length, terminal).toBeLessThanOrEqual(40)
    expect(lines[1], 'only the level is named').not.toMatch(/^ {2}NOT /)
    if (browser === undefined) return
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => request.url().startsWith('file:') || trouble.push(request.url()))
    await page.goto(pathToFileURL(file).href)
    const drawing = await page.locator('svg.why-svg, table.sheet').first().boundingBox()
    expect(drawing!.y + drawing!.height).toBeLessThanOrEqual(900)
    expect(await page.evaluate(textsOverTexts)).toEqual([])
    if ((await page.locator('svg.why-svg').count()) === 0) {
      const wrong = page.locator('table.sheet .why-bad').first()
      expect(await wrong.isVisible(), 'nothing is marked').toBe(true)
      await page.setViewportSize({ width: 400, height: 900 })
      const [first, region] = await Promise.all(
        ['table.sheet thead th', '.pictured .scroll'].map((part) => page.locator(part).first().boundingBox()),
      )
      expect(first!.x, 'a phone begins at its first column').toBeGreaterThanOrEqual(region!.x)
      await page.setViewportSize({ width: 1400, height: 900 })
    }
    await isOpenToEverybody(page)
    await fitsPaper(page)
    expect(trouble).toEqual([])
  })
})

/**
 * Runs whose expected consistency level is not violated. Each row has the outcome, the exit code, and the options of
 * `chaos run`.
 */
const OTHERS: readonly (readonly [outcome: string, exitCode: number, settings: string])[] = [
  ['met', 0, '--target raft --faults kill'],
  ['weaker', 0, '--target master-master --faults partition'],
  ['missed', 1, '--target raft --faults kill --require p99<1us'],
  ['unknown', 2, '--target chain --faults partition --expect sequential --check-timeout 1ms'],
  ['vacuous', 2, '--target raft --faults none --workload-set reads=1'],
  ['interrupted', 130, '--target raft --faults none'],
]

test.skipIf(executablePath === undefined).each(OTHERS)(
  'the page of a run with the outcome %s is accessible, and shows the next step on its first screen',
  async (outcome, expected, settings) => {
    const out = temporaryDirectory()
    const told = [...settings.split(' '), '--seed', '1', '--out', out, '--reporter', `json=${join(out, 'result.json')}`]
    const { exitCode, stdout } =
      outcome === 'interrupted'
        ? await interrupted(['run', '--time', '60s', ...told], out)
        : await chaosHere(['run', '--sim', '--time', '2s', ...told])
    expect(exitCode, stdout).toBe(expected)
    const result = readFileSync(join(out, 'result.json'), 'utf8')
    expect(JSON.parse(result)).toMatchObject({ telling: { outcome } })
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--no-first-run'] })
    onTestFinished(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } })
    const directory = readdirSync(out).find((name) => /^\d/.test(name)) ?? ''
    await page.goto(pathToFileURL(join(out, directory, 'report.html')).href)
    const next = await page.getByText('Next', { exact: true }).first().boundingBox()
    expect(next!.y + next!.height).toBeLessThanOrEqual(800)
    await isOpenToEverybody(page)
    await fitsPaper(page)
  },
)

test.skipIf(executablePath === undefined)('the page of a race in a program is accessible', async () => {
  const [out, file] = [temporaryDirectory(), join(temporaryDirectory(), 'race.html')]
  const example = join(root, 'examples', 'simulated-cache')
  await chaos(['simulate', 'aside', '--seed', '1', '--seeds', '64', '--out', out], { cwd: example })
  const found = readdirSync(out, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.jsonl')) ?? ''
  await chaosHere(['check', join(out, found), '--out', file])
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--no-first-run'] })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(pathToFileURL(file).href)
  await page.locator('section', { hasText: 'overtook' }).first().waitFor()
  await isOpenToEverybody(page)
  await fitsPaper(page)
})

test.skipIf(executablePath === undefined)(
  'the pages of a comparison, a diff, a list of runs and a scenario are accessible, and fit on paper',
  async () => {
    const [out, pages] = [temporaryDirectory(), temporaryDirectory()]
    const [compared, difference, told] = ['compare', 'diff', 'story'].map((name) => join(pages, `${name}.html`))
    for (const seed of ['1', '2'])
      await chaosHere(['run', '--sim', ...replicas.slice(0, 4), '--seed', seed, '--time', '2s', '--out', out])
    const runs = readdirSync(out).filter((name) => name !== 'index.html')
    const quick = [...BRIEF_COMPARISON, '--rate', '50', '--seed', '2']
    await chaosHere([
      'compare',
      '--targets',
      'raft,master-master',
      '--faults',
      'partition',
      ...quick,
      '--html',
      compared!,
    ])
    await chaosHere(['diff', ...runs.map((run) => join(out, run)), '--out', difference!])
    await chaosHere(['scenario', 'burrito-and-taco', '--html', told!])
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--no-first-run'] })
    onTestFinished(() => browser.close())
    for (const file of [compared!, difference!, told!, join(out, 'index.html')]) {
      const page = await browser.newPage()
      await page.goto(pathToFileURL(file).href)
      await isOpenToEverybody(page)
      await fitsPaper(page)
    }
  },
)

async function fitsPaper(page: Page): Promise<void> {
  await page.emulateMedia({ media: 'print' })
  // The width of A4 paper is 210 mm. Without margins of 10 mm on both sides, that is 718 pixels at 96 pixels per inch.
  await page.setViewportSize({ width: 718, height: 1046 })
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(718)
}

async function isOpenToEverybody(page: Page): Promise<void> {
  await page.evaluate(readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8'))
  for (const { width, colorScheme } of LOOKED_AT) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width)
    const found = 'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))'
    expect(await page.evaluate(found), `${width} px, ${colorScheme}`).toEqual([])
  }
}

/** Runs in the page, and returns the pairs of texts in the drawing that overlap. */
function textsOverTexts(): string[] {
  interface Text {
    readonly textContent: string
    getBoundingClientRect(): {
      readonly left: number
      readonly right: number
      readonly top: number
      readonly bottom: number
    }
  }
  const { document } = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<Text> }
  }
  const texts = [
    ...document.querySelectorAll('section[aria-labelledby=why] > :is(.contradiction, .transactions) text'),
  ].filter(({ textContent }) => textContent.trim() !== '')
  return texts.flatMap((one, i) =>
    texts.slice(i + 1).flatMap((other) => {
      const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      return width > 1 && height > 4 ? [`${one.textContent} and ${other.textContent}`] : []
    }),
  )
}
