import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const without = executablePath === undefined
/** A leak grows with each reconnection. The reconnections of a short soak suffice to show it. */
const RECONNECTS = process.env['CHAOS_SOAK'] === 'short' ? 2_000 : 10_000

/** Starts a run with a live page, and returns the address of the page. */
const startRun = (args: readonly string[]) => startWithPage(['run', '--target', 'raft', '--nodes', '3', ...args])

/** Starts a command that shows a live page. If the command runs a program, the program's words come last in `args`. */
async function startWithPage([name = '', ...args]: readonly string[]) {
  const out = temporaryDirectory()
  const running = startChaos([name, '--ui', '--out', out, ...args])
  let said = ''
  running.child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const address = () => /http:\S+token=\S+/.exec(said)?.[0] ?? ''
  await until(() => address() !== '' || running.child.exitCode !== null)
  expect(address(), said).not.toBe('')
  return { ...running, out, url: new URL(address()), said: () => said }
}

const axe = readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8')

/** Returns the accessibility rules that the page violates according to axe, and where. */
async function faultsOfAccess(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html].join(" ")))',
  )
}

/** Counts the established connections to a local port, at the server's end. */
const connectionsTo = (port: string): number => {
  const end = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return rows.filter((row) => row.trim().split(/\s+/)[1]?.endsWith(end) && row.trim().split(/\s+/)[3] === '01').length
}

const runIn = (out: string) => join(out, readdirSync(out)[0] ?? '')

describe('the live page in a real browser', () => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (executablePath === undefined) return
    const args = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update']
    browser = await chromium.launch({ executablePath, args: [...args, '--disable-sync', '--no-first-run'] })
  })
  afterAll(() => browser?.close())

  /**
   * Opens the page and calls `look`. Fails the test if the page reports an error, or sends a request to a server other
   * than its own.
   */
  async function open({ url }: { readonly url: URL }, look: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser!.newPage({ viewport: { width: 1400, height: 900 } })
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => new URL(request.url()).host === url.host || trouble.push(request.url()))
    // The thread that judges the history has a low priority, so its verdicts come late on a busy machine.
    page.setDefaultTimeout(180_000)
    await page.goto(url.href)
    await page.locator('.topology').waitFor()
    await look(page)
    expect(trouble).toEqual([])
    await page.close()
  }

  patientTest.skipIf(without)(
    'the live page shows the nodes and each new verdict, can isolate the leader, heal and stop, and opens the report',
    async () => {
      const run = await startRun([
        '--time',
        '300s',
        '--rate',
        '300',
        '--faults',
        'none',
        '--bug',
        'ack-before-majority',
      ])
      await open(run, async (page) => {
        expect(await page.locator('.server').count()).toBe(3)
        await page.locator('.server.leads').waitFor()
        await page.getByRole('heading', { name: /^Linearizable so far/ }).waitFor()

        await page.getByRole('button', { name: /^Pick the leader/ }).click()
        const cut = async () => {
          await page.getByRole('button', { name: /^Cut n\d from \{/ }).click()
          await page.getByRole('heading', { name: '1 fault in force' }).waitFor()
          expect(await page.locator('.link.cut').count()).toBe(2)
        }
        await cut()
        // On a busy machine, another node may be the leader by the time the chosen node is cut off.
        const isBad = () =>
          page
            .locator('h1.bad')
            .waitFor({ timeout: 30_000 })
            .then(
              () => true,
              () => false,
            )
        for (let more = 3; more > 0 && !(await isBad()); more--) {
          await page.getByRole('button', { name: /^Heal: partition/ }).click()
          await page.getByRole('heading', { name: 'No fault in force' }).waitFor()
          await page.locator('.server.leads').click()
          await cut()
        }
        await page.locator('h1.bad').waitFor()
        await page.locator('.why-svg').first().waitFor()
        const bottomOf = async (part: string): Promise<number> => {
          const box = await page.locator(part).first().boundingBox()
          return box === null ? Number.NaN : box.y + box.height
        }
        await page.evaluate('scrollTo(0, 0)')
        expect(await bottomOf('.answers')).toBeLessThan(500)
        expect(await bottomOf('.why-svg'), 'the drawing is above the fold').toBeLessThanOrEqual(900)
        expect(await bottomOf('.topology'), 'the nodes step back').toBeGreaterThan(await bottomOf('.why-svg'))
        for (const width of [400, 1400]) {
          await page.setViewportSize({ width, height: 900 })
          expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width)
          expect(await faultsOfAccess(page), `${width} px`).toEqual([])
        }

        await page.getByRole('button', { name: /^Heal: partition/ }).click()
        await page.getByRole('heading', { name: 'No fault in force' }).waitFor()
        await page.getByRole('button', { name: 'Stop and judge' }).click()
        const report = page.getByRole('link', { name: 'Open the report' })
        await report.waitFor()
        const [opened] = await Promise.all([page.waitForEvent('popup'), report.click()])
        await opened.locator('h1.bad').waitFor()
        expect(await page.locator('.basis').innerText()).toMatch(/^The whole run/)
      })
      run.child.kill('SIGINT')
      expect((await run.finished).exitCode).toBe(1)
      const { faults } = JSON.parse(readFileSync(join(runIn(run.out), 'run.json'), 'utf8'))
      expect(faults[0]).toMatchObject({ id: 'by hand 1', fault: { kind: 'partition' } })
      const history = readFileSync(join(runIn(run.out), 'history.jsonl'), 'utf8')
      expect(history).toMatch(/"f":"partition".*"by hand 1"/)
      expect(history).toMatch(/"f":"heal".*"by hand 1"/)
    },
  )

  patientTest.skipIf(without)(
    'the live page can kill and heal a node by keyboard alone, and never loses the focus',
    async () => {
      const run = await startRun(['--time', '300s', '--rate', '100', '--faults', 'none'])
      await open(run, async (page) => {
        const focus = () => page.evaluate<string>('document.activeElement.id || document.activeElement.textContent')
        await page.getByRole('button', { name: /^Pick the leader/ }).focus()
        await page.keyboard.press('Enter')
        expect(await focus()).toBe('inspector')

        // Starts at the top of the page, as a user with only a keyboard does.
        await page.locator('.skip, button').first().focus()
        for (let i = 0; i < 20 && !(await focus())?.startsWith('node-'); i++) await page.keyboard.press('Tab')
        for (const arrow of ['ArrowUp', 'ArrowRight', 'ArrowDown', 'ArrowLeft'])
          if ((await focus()) !== 'node-n2') await page.keyboard.press(arrow)
        expect(await focus()).toBe('node-n2')
        await page.keyboard.press('k')
        await page.getByRole('heading', { name: '1 fault in force' }).waitFor()
        expect(await focus()).toBe('node-n2')

        await page.keyboard.press('Enter')
        expect(await focus()).toBe('inspector')
        await page.keyboard.press('Tab')
        expect(await focus()).toMatch(/^Heal: n2 killed/)
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'No fault in force' }).waitFor()
        expect(await focus()).toMatch(/^Kill n2/)
        await page.keyboard.press('Escape')
        expect(await focus()).toBe('node-n2')
        await page.getByRole('button', { name: 'Stop and judge' }).click()
        await page.getByRole('link', { name: 'Open the report' }).waitFor()
      })
      run.child.kill('SIGINT')
      await run.finished
      const { faults } = JSON.parse(readFileSync(join(runIn(run.out), 'run.json'), 'utf8'))
      expect(faults).toMatchObject([{ id: 'by hand 1', fault: { kind: 'kill', nodes: ['n2'] } }])
    },
  )

  patientTest.skipIf(without)('the live page restarts an ended run on request, and follows the new run', async () => {
    const run = await startRun(['--time', '1s', '--rate', '100', '--faults', 'none', '--workload', 'counter'])
    await open(run, async (page) => {
      await page.getByRole('button', { name: /^Start again, seed/ }).click()
      await until(() => readdirSync(run.out).filter((name) => name !== 'index.html').length === 2)
      await page.getByRole('link', { name: 'Open the report' }).waitFor({ state: 'detached' })
      await page.getByRole('link', { name: 'Open the report' }).waitFor()
    })
    run.child.kill('SIGINT')
    expect((await run.finished).exitCode).toBe(0)
  })

  const redis = installed('redis-cli')
  patientTest.skipIf(without || redis === undefined)(
    'the live page shows a recording, and disconnects its clients on a click',
    async () => {
      const server = "redis-server --port {port} --dir {data} --save ''"
      const client = 'for i in $(seq 1 2000); do redis-cli -p {n1.port} set x $i; redis-cli -p {n1.port} get x; done'
      const recorded = ['--serve', server, '--as', 'resp', '--model', 'register']
      const run = await startWithPage(['record', ...recorded, '--', 'sh', '-c', client])
      await open(run, async (page) => {
        await page.getByRole('heading', { name: /^Linearizable so far/ }).waitFor()
        await page.locator('#node-n1').click()
        await page.getByRole('button', { name: 'Cut n1 from clients' }).click()
        await page.getByRole('heading', { name: '1 fault in force' }).waitFor()
        await page.getByRole('button', { name: /^Heal: partition/ }).click()
        await page.getByRole('heading', { name: 'No fault in force' }).waitFor()
        await page.getByRole('button', { name: 'Stop and judge' }).click()
        await page.getByRole('link', { name: 'Open the report' }).waitFor()
      })
      run.child.kill('SIGINT')
      await run.finished
      expect(readFileSync(join(runIn(run.out), 'history.jsonl'), 'utf8')).toMatch(/"f":"heal".*"by hand 1"/)
    },
  )

  patientTest.skipIf(without)('the live page fits a phone, a tablet and a laptop in dark and light mode', async () => {
    const run = await startRun(['--time', '60s', '--rate', '100'])
    await open(run, async (page) => {
      for (const colorScheme of ['dark', 'light'] as const)
        for (const width of [400, 800, 1400]) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          await page.locator('.uplot').first().waitFor()
          const overhang = () =>
            page.locator('html').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)
          // A drawing is resized one frame after the window.
          await expect.poll(overhang, { message: `${width} px, ${colorScheme}` }).toBeLessThanOrEqual(0)
          const canvas = (await page.locator('canvas').first().boundingBox())?.width
          expect(canvas).toBeGreaterThan(width / 3)
          expect(await faultsOfAccess(page), `${width} px, ${colorScheme}`).toEqual([])
        }
    })
  })

  test.skipIf(without)(
    'the live page reports a lost connection when chaos ends, and disables its buttons',
    async () => {
      // The run must not end before chaos is killed: the page of a finished run reports the end of the run, not a lost
      // connection. Pages are slow on a busy machine.
      const run = await startRun(['--time', '300s', '--rate', '100', '--faults', 'none'])
      const page = await browser!.newPage()
      page.setDefaultTimeout(0)
      await page.goto(run.url.href)
      await page.locator('#node-n1').click()
      await page.getByRole('button', { name: /^Kill n1/, disabled: false }).waitFor()
      run.child.kill('SIGKILL')
      await page.locator('.lost-bar').waitFor()
      expect(await page.getByRole('button', { name: /^Kill n1/ }).isEnabled()).toBe(false)
      await page.close()
    },
  )
})

/** The status of a request. */
const statusOf = (url: URL, headers: { readonly [name: string]: string } = {}): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })

/** Opens a WebSocket. Resolves to its first message, or to the status of the refusal. */
function opening(url: URL, headers: { readonly [name: string]: string } = {}): Promise<string> {
  const address = new URL(url)
  address.protocol = 'ws:'
  const socket = new WebSocket(address, { headers })
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate()
      resolve('open')
    })
    socket.on('unexpected-response', (_, { statusCode }) => {
      socket.terminate()
      resolve(String(statusCode))
    })
    socket.on('error', () => undefined)
  })
}

describe('the server of the live page', () => {
  test("the live page's server refuses a request without the token, from another origin or for another host", async () => {
    const run = await startRun(['--time', '60s', '--rate', '50', '--faults', 'none'])
    const wrong = new URL(run.url)
    wrong.searchParams.set('token', 'guessed')
    const none = new URL('/', run.url)
    for (const path of ['/', '/page.js', '/page.css', '/report', '/stream'])
      for (const url of [wrong, none]) {
        const asked = new URL(path + url.search, run.url)
        expect(await statusOf(asked), String(asked)).toBe(401)
        expect(await opening(asked)).toBe('401')
      }
    expect(await statusOf(run.url, { Host: 'rebound.example' })).toBe(403)
    expect(await opening(run.url, { Origin: 'http://evil.example' })).toBe('403')
    expect(await opening(run.url, { Origin: `http://localhost:${run.url.port}` })).toBe('403')
    expect(await statusOf(run.url)).toBe(200)
    expect(await opening(run.url, { Origin: run.url.origin })).toBe('open')
    expect(await statusOf(new URL(`/../../etc/passwd${run.url.search}`, run.url))).toBe(404)
  })

  patientTest(
    "the live page's server closes a connection that sends garbage, and the run continues if a page reads nothing",
    async () => {
      const run = await startRun(['--time', '4s', '--rate', '200', '--faults', 'none'])
      const address = new URL(run.url)
      address.protocol = 'ws:'
      for (const garbage of ['{', '"\0"', Buffer.from([1, 2, 3]), 'x'.repeat(100_000)]) {
        const socket = new WebSocket(address)
        socket.on('error', () => undefined)
        await once(socket, 'open')
        socket.send(garbage)
        const [code] = await once(socket, 'close')
        expect([1008, 1009]).toContain(code)
      }
      const idle = new WebSocket(address)
      idle.on('error', () => undefined)
      await once(idle, 'open')
      idle.pause()
      idle.send(JSON.stringify({ type: 'resume', had: { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 } }))
      await until(() => run.said().includes('stays until Ctrl-C'))
      idle.terminate()
      run.child.kill('SIGINT')
      expect((await run.finished).exitCode).toBe(0)
    },
  )

  test("the live page's server ends at the first interrupt if the run was not started from a terminal", async () => {
    const run = await startRun(['--time', '60s', '--rate', '50', '--faults', 'none'])
    await until(() => run.said().includes('cluster ready'))
    run.child.kill('SIGINT')
    const { exitCode, stderr } = await run.finished
    expect(exitCode).toBe(130)
    expect(stderr).not.toContain('stays until')
  })

  patientTest("the live page's server survives thousands of quick reconnects, and still shows the run", async () => {
    const run = await startRun(['--time', '60s', '--rate', '50', '--faults', 'none'])
    const address = new URL(run.url)
    address.protocol = 'ws:'
    await until(() => run.said().includes('cluster ready'))
    let left = RECONNECTS
    const reconnect = async (): Promise<void> => {
      while (left-- > 0) {
        const socket = new WebSocket(address)
        // The server refuses surplus connections.
        socket.on('error', () => undefined)
        if (left % 3 > 0) socket.on('open', () => (left % 3 === 1 ? socket.terminate() : socket.close()))
        else socket.on('upgrade', () => socket.terminate())
        await new Promise((resolve) => socket.on('close', resolve))
      }
    }
    await Promise.all(Array.from({ length: 12 }, reconnect))
    await until(() => connectionsTo(address.port) === 0)
    const page = new WebSocket(address)
    await once(page, 'open')
    page.send(JSON.stringify({ type: 'resume', had: { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 } }))
    expect(String(await once(page, 'message'))).toContain('n1')
    page.terminate()
    run.child.kill('SIGINT')
    await until(() => run.said().includes('stays until Ctrl-C'))
    run.child.kill('SIGINT')
    expect((await run.finished).exitCode).toBe(130)
  })
})

test('a live page of a simulated run is refused, with an alternative', async () => {
  const { finished } = startChaos(['run', '--sim', '--ui'])
  const { exitCode, stderr } = await finished
  expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining('Leave out --sim') })
})
