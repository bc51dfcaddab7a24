import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { until } from '../../processes.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const without = executablePath === undefined

/** Simulated runs are short. */
const BRIEF = ['run', '--sim', '--time', '2s', '--rate', '100', '--quiet']

/** Starts `chaos`, and waits until it has printed an address. */
async function startWithPage(args: readonly string[]) {
  const running = startChaos(args)
  let said = ''
  running.child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const address = () => /http:\S+/.exec(said)?.[0] ?? ''
  await until(() => address() !== '' || running.child.exitCode !== null)
  expect(address(), said).not.toBe('')
  return { ...running, url: new URL(address()), said: () => said }
}

const axe = readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8')

const faultsOfAccess = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe)
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html].join(" ")))',
  )
}

describe('the page of runs in a real browser', () => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (executablePath === undefined) return
    const args = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update']
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: [...args, '--disable-sync', '--no-first-run'],
    })
  })
  afterAll(() => browser?.close())

  /** Opens a page; fails the test for any error, and any request that leaves this machine's loopback. */
  async function open(url: URL, look: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser!.newPage({ viewport: { width: 1400, height: 900 } })
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => /^(http:\/\/127\.0\.0\.1|file:)/.test(request.url()) || trouble.push(request.url()))
    page.setDefaultTimeout(100_000)
    await page.goto(url.href)
    await look(page)
    expect(trouble).toEqual([])
    await page.close()
  }

  patientTest.skipIf(without)(
    'the page of runs filters and compares runs, opens reports, shows new runs, and links to active runs',
    async () => {
      const out = temporaryDirectory()
      await chaosHere([...BRIEF, '--seed', '1', '--out', out])
      await chaosHere([...BRIEF, '--seed', '2', '--target', 'primary-replica', '--out', out])
      const ui = await startWithPage(['ui', out])
      await open(ui.url, async (page) => {
        await page.getByRole('heading', { name: '2 runs' }).waitFor()
        await page.getByLabel('Filter').fill('primary partition')
        await page.getByText('1 of 2 shown').waitFor()
        expect(await page.locator('.runs tbody tr:visible').count()).toBe(1)
        await page.getByLabel('Filter').fill('')
        for (const box of await page.getByRole('checkbox').all()) await box.check()
        await page.getByRole('link', { name: 'Compare the two' }).click()
        await page.getByRole('heading', { name: 'What was run differently' }).waitFor()
        await page.getByRole('link', { name: 'Open the report' }).first().click()
        await page.locator('#verdict').waitFor()
        await page.goBack()
        await page.getByRole('link', { name: 'All runs' }).click()

        const shown = await startWithPage([
          'run',
          '--ui',
          '--time',
          '60s',
          '--rate',
          '50',
          '--faults',
          'none',
          '--out',
          out,
        ])
        await page.getByRole('heading', { name: '3 runs' }).waitFor()
        await page.getByRole('link', { name: /^Live page of/ }).click()
        await page.locator('.topology').waitFor()
        await page.goBack()
        await page.getByRole('link', { name: /^Live page of/ }).waitFor()
        shown.child.kill('SIGINT')
        await until(() => shown.said().includes('stays until Ctrl-C'))
        shown.child.kill('SIGINT')
        await shown.finished
        await page.getByRole('link', { name: /^Live page of/ }).waitFor({ state: 'detached' })
        expect(readdirSync(out).flatMap((name) => (existsSync(join(out, name, 'live.json')) ? [name] : []))).toEqual([])
      })
      ui.child.kill('SIGINT')
      expect((await ui.finished).exitCode).toBe(0)
    },
  )

  test.skipIf(without)('the page of runs reports that chaos has ended', async () => {
    const ui = await startWithPage(['ui', temporaryDirectory()])
    const page = await browser!.newPage()
    await page.goto(ui.url.href)
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor()
    ui.child.kill('SIGINT')
    await page.getByText('chaos ui has ended').waitFor()
    await page.close()
  })

  patientTest.skipIf(without)(
    'the page of runs fits a phone, a tablet and a laptop in dark and light mode',
    async () => {
      const out = temporaryDirectory()
      await chaosHere([...BRIEF, '--times', '3', '--seed', '1', '--out', out])
      mkdirSync(join(out, '20261120-074501-<b>"long-name-that-goes-on-and-on-without-an-end-or-a-place-to-break-it'))
      await chaosHere([
        'diff',
        ...readdirSync(out)
          .filter((name) => name.includes('-raft'))
          .slice(0, 2)
          .map((name) => join(out, name)),
        '--out',
        join(out, 'diff.html'),
      ])
      const ui = await startWithPage(['ui', out])
      for (const url of [ui.url, pathToFileURL(join(out, 'index.html')), pathToFileURL(join(out, 'diff.html'))])
        await open(url, async (page) => {
          for (const colorScheme of ['dark', 'light'] as const)
            for (const width of [400, 800, 1400]) {
              await page.emulateMedia({ colorScheme })
              await page.setViewportSize({ width, height: 900 })
              const sticksOut = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
              expect(await page.evaluate(sticksOut), `${url} ${width} px`).toBe(0)
              expect(await faultsOfAccess(page), `${url} ${width} px, ${colorScheme}`).toEqual([])
            }
        })
    },
  )
})

describe('the page of proxies in a real browser', () => {
  test('chaos proxy --record refuses --ui, and names chaos record --ui', async () => {
    const routes = join(root, 'examples', 'routes.json')
    const args = ['proxy', '--ui', '--upstream', '127.0.0.1:1', '--record', existsSync(routes) ? routes : 'resp']
    const { exitCode, stderr } = await chaosHere(args)
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining('chaos record --ui') })
  })

  patientTest.skipIf(without)(
    'the page of proxies cuts a connection and heals it with one button each, and fits every screen',
    async () => {
      const browser = await chromium.launch({
        executablePath: executablePath!,
        args: ['--no-sandbox', '--no-first-run'],
      })
      onTestFinished(() => browser.close())
      const proxies = ['--name', 'web', '--name', 'db', '--upstream', '127.0.0.1:1', '--upstream', '127.0.0.1:2']
      const running = startChaos(['proxy', '--control', '127.0.0.1:0', '--ui', ...proxies])
      let said = ''
      running.child.stderr?.on('data', (chunk) => {
        said += chunk
      })
      await until(() => said.includes('Live page'))
      const page = await browser.newPage()
      const trouble: string[] = []
      page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
      page.on('pageerror', (error) => trouble.push(error.message))
      await page.goto(/http:\S+/.exec(said)?.[0] ?? '')
      await page.getByRole('button', { name: 'Cut web' }).click()
      await page.getByRole('heading', { name: 'Faults on 1 of 2 proxies' }).waitFor()
      for (const colorScheme of ['dark', 'light'] as const)
        for (const width of [400, 800, 1400]) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
          expect(await faultsOfAccess(page), `${width} px, ${colorScheme}`).toEqual([])
        }
      // Uses only the keyboard. The button of the healed fault disappears, and the focus stays in the page.
      await page.getByRole('button', { name: 'Heal cut web by hand' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'No fault in force' }).waitFor()
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('proxies')
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Cut db')
      running.child.kill('SIGINT')
      await page.getByText('chaos proxy has ended').waitFor()
      // The page requests updates once more after the proxy has ended.
      expect(trouble.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
      expect((await running.finished).exitCode).toBe(0)
    },
  )
})

test('a run adds itself to the page of its directory, next to earlier runs', async () => {
  const out = temporaryDirectory()
  for (const seed of ['1', '2']) await chaosHere([...BRIEF, '--seed', seed, '--out', out])
  const page = readFileSync(join(out, 'index.html'), 'utf8')
  expect(page).toContain('2 runs')
  for (const name of readdirSync(out).filter((name) => name !== 'index.html'))
    expect(page).toContain(`href="./${name}/report.html"`)
})

test('a run does not overwrite an index.html that chaos did not write', async () => {
  const out = temporaryDirectory()
  writeFileSync(join(out, 'index.html'), '<!doctype html><p>mine</p>')
  await chaosHere([...BRIEF, '--out', out])
  expect(readFileSync(join(out, 'index.html'), 'utf8')).toBe('<!doctype html><p>mine</p>')
})

test.each([
  [['ui', 'no-such-directory'], /no-such-directory: there is no such directory/],
  [['ui', 'package.json'], /package\.json: this is a file/],
  [['ui', '.', '--listen', 'nonsense'], /nonsense/],
])('chaos %j is refused with the reason', async (args, message) => {
  const { exitCode, stderr } = await chaosHere(args, { cwd: root })
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(3)
})
