import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { renderSavedPage } from '@chaosproxy/console'
import { type Browser, chromium, type FrameLocator, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const without = executablePath === undefined

const history = (name: string): string => join(root, 'histories', `${name}.jsonl`)
const axe = (): string => readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8')

/** Returns the text of a page without the times that differ between runs. */
const said = (text: string): string =>
  text
    .replace(/chaos \S+/, 'chaos')
    .replace(/[\d,]+ operations? in [\d.]+ m?s/g, 'OPERATIONS')
    .replace(/npx chaos check [\s\S]*?Copy\b/, '')
    .replace(/\s+/g, ' ')

describe('the checking page in a real browser', () => {
  let browser: Browser | undefined
  let address = ''
  let directory = ''
  beforeAll(async () => {
    if (executablePath === undefined) return
    directory = mkdtempSync(join(tmpdir(), 'chaos-page-'))
    const out = join(directory, 'judge.html')
    writeFileSync(out, renderSavedPage())
    address = pathToFileURL(out).href
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run'] })
  })
  afterAll(async () => {
    await browser?.close()
    if (directory !== '') rmSync(directory, { recursive: true, force: true })
  })

  /** Opens the page from disk. Fails the test for any error, and for any request beyond the page itself. */
  async function open(use: (page: Page, report: FrameLocator) => Promise<void>): Promise<void> {
    const context = await browser!.newContext({ viewport: { width: 1400, height: 900 } })
    const page = await context.newPage()
    const trouble: string[] = []
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()))
    page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || trouble.push(request.url()))
    await page.goto(address)
    await use(page, page.frameLocator('iframe'))
    expect(trouble).toEqual([])
    await context.close()
  }

  const drop = (page: Page, name: string, text: string): Promise<unknown> =>
    page.evaluate(`{
      const data = new DataTransfer()
      data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }`)

  test.skipIf(without)(
    'the checking page accepts a dropped, chosen or pasted history, and has an example',
    async () => {
      await open(async (page, report) => {
        const text = readFileSync(history('stale-read'), 'utf8')
        const another = () => page.getByRole('button', { name: 'Judge another' }).click()
        await drop(page, 'dropped.jsonl', text)
        await report.getByText('Not linearizable').first().waitFor()
        expect(await page.title()).toMatch(/: dropped\.jsonl$/)
        expect(await report.locator('svg.why-svg').count()).toBe(1)
        await another()
        await page.locator('#file').setInputFiles(history('lost-update'))
        await report.getByText('lost-update.jsonl').first().waitFor()
        await another()
        await page.getByLabel('Or paste its lines').fill(text)
        await page.getByRole('button', { name: 'Judge these lines' }).click()
        await report.getByText('pasted.jsonl').first().waitFor()
        await another()
        await page.getByRole('button', { name: 'Try an example' }).click()
        await report.locator('h1.bad').waitFor()
        expect(await report.locator('#detail').innerText()).toContain('part of the contradiction')
        const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#save-report')])
        expect(saved.suggestedFilename()).toBe('example.html')
        const [json] = await Promise.all([page.waitForEvent('download'), page.click('#save-json')])
        expect(JSON.parse(readFileSync(await json.path(), 'utf8'))).toMatchObject({ file: 'example.jsonl' })
      })
    },
  )

  patientTest.skipIf(without)('the checking page shows the same report as chaos check, word by word', async () => {
    const names = ['stale-read', 'split-brain', 'readers-disagree', 'update-refused', 'changed-outside-the-record']
    for (const name of names) {
      const file = join(temporaryDirectory(), 'report.html')
      await chaosHere(['check', history(name), '--out', file])
      const own = await browser!.newPage()
      await own.goto(pathToFileURL(file).href)
      const expected = said(await own.locator('body').innerText()).replaceAll(history(name), `${name}.jsonl`)
      await own.close()
      await open(async (page, report) => {
        await page.locator('#file').setInputFiles(history(name))
        await report.locator('#verdict').waitFor()
        expect(said(await report.locator('body').innerText())).toBe(expected)
      })
    }
  })

  test.skipIf(without)('the checking page reports an invalid input, and then accepts a valid input', async () => {
    await open(async (page, report) => {
      const alert = page.getByRole('alert')
      for (const [name, text, why] of [
        ['notes.txt', 'Dear diary', 'Force one with --format'],
        ['empty.jsonl', '', 'this file is empty'],
        ['<img src=x onerror=alert(1)>\u202e.jsonl', '[{"a":1}]', '<img src=x onerror=alert(1)>\\u202e.jsonl'],
      ] as const) {
        await drop(page, name, text)
        await alert.getByText(why).waitFor()
      }
      expect(await page.locator('img').count()).toBe(0)
      await page.locator('#file').setInputFiles([history('stale-read'), history('lost-update')])
      await alert.getByText('This page checks one history').waitFor()
      await page.locator('#file').setInputFiles(history('fresh-read'))
      await report.locator('#verdict').waitFor()
    })
  })

  patientTest.skipIf(without)('a check on the checking page can be stopped', async () => {
    await open(async (page) => {
      // Many concurrent clients write a few values, so that the search takes long.
      const lines = Array.from({ length: 4000 }, (_, i) => [
        { process: i, type: 'invoke', f: i % 3 ? 'write' : 'read', key: 'x', ...(i % 3 ? { value: i % 7 } : {}) },
      ]).flat()
      const ends = lines.map((line, i) => ({ ...line, type: 'ok', value: i % 3 ? i % 7 : (i * 5) % 7 }))
      // A script in the page clicks the stop button once it appears. If the browser is slow, a click by the test would
      // come after the end of the check.
      await page.evaluate(`new MutationObserver((_, observer) => {
        const stop = document.querySelector('#stop')
        if (stop === null) return
        observer.disconnect()
        stop.click()
      }).observe(document.body, { subtree: true, childList: true })`)
      await drop(page, 'hard.jsonl', [...lines, ...ends].map((line) => JSON.stringify(line)).join('\n'))
      await page.getByText('Stopped before a verdict on this history').waitFor()
      await expect.poll(() => page.workers().length).toBe(0)
    })
  })

  patientTest.skipIf(without)(
    'the checking page fits a phone, a tablet and a laptop in dark and light mode',
    async () => {
      await open(async (page) => {
        const sticksOut = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        const access = 'axe.run({ iframes: false }).then(({ violations }) => violations.map(({ id }) => id))'
        await page.evaluate(axe())
        for (const step of ['asking', 'refused', 'showing']) {
          if (step === 'refused') await drop(page, 'notes.txt', 'Dear diary')
          if (step === 'showing') await page.locator('#file').setInputFiles(history('stale-read'))
          await page.locator({ asking: '.drop', refused: '.problem bdi', showing: 'iframe' }[step]!).waitFor()
          for (const colorScheme of ['dark', 'light'] as const)
            for (const width of [400, 800, 1400]) {
              await page.emulateMedia({ colorScheme })
              await page.setViewportSize({ width, height: 900 })
              expect(await page.evaluate(sticksOut), `${step}, ${width} px`).toBe(0)
              expect(await page.evaluate(access), `${step}, ${width} px, ${colorScheme}`).toEqual([])
            }
        }
      })
    },
  )
})

test('chaos page writes to stdout on request, and overwrites an earlier page but no other file', async () => {
  const out = join(temporaryDirectory(), 'judge.html')
  const { stdout, exitCode } = await chaosHere(['page', '--out', '-'])
  expect({ exitCode, start: stdout.slice(0, 15) }).toEqual({ exitCode: 0, start: '<!doctype html>' })
  for (const _ of ['new', 'again']) expect((await chaosHere(['page', '--out', out])).exitCode).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe(stdout)
  writeFileSync(out, 'my own words')
  const refused = await chaosHere(['page', '--out', out])
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--force') })
  expect(readFileSync(out, 'utf8')).toBe('my own words')
  const nowhere = await chaosHere(['page', '--out', join(temporaryDirectory(), 'no', 'judge.html')])
  expect(nowhere).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('directory does not exist') })
})

test('the checking page allows no network connection, and its code uses no Node API', async () => {
  const { stdout } = await chaosHere(['page', '--out', '-'])
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(stdout) ?? []
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/connect-src|https?:|\*/)
  const scripts = stdout.match(/<script[^>]*>[\s\S]*?<\/script>/g) ?? []
  expect(scripts).toHaveLength(3)
  expect(scripts.join('\n')).not.toMatch(/(?:from|require\(|import\()\s*\\?["']node:/)
})
