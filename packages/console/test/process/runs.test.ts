import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openRunsConsole } from '../../src/runs.ts'
import { announce, announcedIn } from '../../src/server/announcement.ts'

/** Creates a directory of results with these runs. */
function resultsWith(runs: { readonly [name: string]: { readonly [file: string]: string } }): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-ui-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, files] of Object.entries(runs)) {
    mkdirSync(join(directory, name))
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, name, file), text)
  }
  return directory
}

const runJson = (seed: number, result: 'met' | 'violated' = 'met'): string =>
  JSON.stringify({
    startedAt: '2026-11-20T07:45:01.123Z',
    spec: { target: { name: 'raft' } },
    result: {
      levels: { linearizable: { result } },
      telling: { outcome: result, what: result === 'met' ? 'Linearizable' : '3 messages were lost' },
      seed,
    },
  })

const ONE = '20261120-074501-raft'
const OTHER = '20261120-074502-raft'

async function opened(directory: string) {
  const page = await openRunsConsole({ directory })
  onTestFinished(() => page.close())
  return page
}

/** Returns the address of a run's report, from the link on a page. */
const linkIn = (page: string, run: string, url: string): URL =>
  new URL(new RegExp(`href="([^"]*/${run}/report\\.html)"`).exec(page)?.[1] ?? '', url)

const textAt = async (url: string | URL) => (await fetch(url)).text()

describe('the page of runs', () => {
  test('the page of runs lists the newest run first, and links its report, its live page and a comparison', async () => {
    const directory = resultsWith({
      [ONE]: { 'run.json': runJson(1), 'report.html': '<p>one</p>', 'history.jsonl': '{}\n' },
      [OTHER]: { 'run.json': runJson(2, 'violated') },
    })
    onTestFinished(announce(join(directory, OTHER), 'http://127.0.0.1:9/?token=t'))
    const { url } = await opened(directory)
    const page = await textAt(url)
    expect(page.indexOf(`data-name="${OTHER}"`)).toBeLessThan(page.indexOf(`data-name="${ONE}"`))
    expect(page).toContain(`<a href="http://127.0.0.1:9/?token=t">Live page of ${OTHER}</a>`)
    expect(await textAt(linkIn(page, ONE, url))).toBe('<p>one</p>')
    expect(await textAt(new URL(`${ONE}/history.jsonl`, url))).toBe('{}\n')
    expect(await textAt(new URL(`compare?before=${ONE}&after=${OTHER}`, url))).toContain(
      'Before: Linearizable. After: 3 messages were lost',
    )
  })

  test('the page of runs hides its token from the reports, and gives a report no access to other runs', async () => {
    const directory = resultsWith({
      [ONE]: { 'run.json': runJson(1), 'report.html': '<p>one</p>', 'history.jsonl': '{}\n' },
      [OTHER]: { 'run.json': runJson(2), 'report.html': '<p>other</p>' },
    })
    const { url } = await opened(directory)
    const page = await textAt(url)
    const token = new URL(url).pathname.slice(1, -1)
    const report = linkIn(page, ONE, url)
    expect(report.href).not.toContain(token)
    const status = async (path: string) => statusOf(url, new URL(path, report).pathname)
    expect(await status('history.jsonl')).toBe(200)
    for (const path of [
      '../',
      '../compare',
      '../judge',
      `../${OTHER}/report.html`,
      '../../',
      `../../${OTHER}/report.html`,
    ])
      expect(await status(path), path).toBeGreaterThanOrEqual(400)
    expect(await statusOf(url, `/${token}/${ONE}/report.html`)).toBe(404)
    const compared = await textAt(new URL(`compare?before=${ONE}&after=${OTHER}`, url))
    expect(await textAt(linkIn(compared, ONE, url))).toBe('<p>one</p>')
  })

  test('the page of runs lists a run as unreadable if its run.json is not a regular file', async () => {
    const directory = resultsWith({ [ONE]: {}, [OTHER]: {} })
    execFileSync('mkfifo', [join(directory, ONE, 'run.json'), join(directory, ONE, 'live.json')])
    symlinkSync('/dev/zero', join(directory, OTHER, 'run.json'))
    const page = await textAt((await opened(directory)).url)
    expect(page.match(/run\.json cannot be read/g)).toHaveLength(2)
  })

  test.each([
    'http://evil.example/steal',
    'http://127.0.0.1.evil.example/',
    'http://127.0.0.1@evil.example/',
    'http://user@127.0.0.1/',
    'https://127.0.0.1/',
    'javascript:alert(1)',
  ])('the page of runs does not link a live page whose address is %s', async (url) => {
    const directory = resultsWith({ [ONE]: { 'run.json': runJson(1) } })
    writeFileSync(join(directory, ONE, 'live.json'), JSON.stringify({ url, pid: process.pid }))
    expect(await textAt((await opened(directory)).url)).not.toContain('Live page of')
  })

  test('the page of runs is sent again only after a change of the runs', async () => {
    const directory = resultsWith({ [ONE]: { 'run.json': runJson(1) } })
    const { url } = await opened(directory)
    const state = /data-state="([^"]+)"/.exec(await textAt(url))?.[1] ?? ''
    const again = new URL(`?since=${state}`, url)
    expect((await fetch(again)).status).toBe(204)
    mkdirSync(join(directory, OTHER))
    writeFileSync(join(directory, OTHER, 'run.json'), runJson(2))
    expect(await textAt(again)).toContain(OTHER)
  })

  test('the page of runs serves only files of runs in its directory', async () => {
    const outside = resultsWith({ secret: { 'report.html': 'secret', 'history.jsonl': 'secret' } })
    const directory = resultsWith({ [ONE]: { 'run.json': runJson(1), 'live.json': '{}' } })
    symlinkSync(join(outside, 'secret'), join(directory, OTHER))
    symlinkSync(join(outside, 'secret', 'report.html'), join(directory, ONE, 'report.html'))
    const { url } = await opened(directory)
    const token = new URL(url).pathname
    for (const path of [
      `${ONE}/report.html`,
      `${OTHER}/report.html`,
      `${ONE}/live.json`,
      `${ONE}/run.json`,
      `${ONE}/..%2f${ONE}%2freport.html`,
      '..%2fsecret/report.html',
      '%2e%2e/report.html',
      '%ff/report.html',
      `${ONE}/history.jsonl/x`,
      'compare?before=..&after=/etc',
      `compare?before=${ONE}`,
    ]) {
      const status = await statusOf(url, `${token}${path}`)
      expect([401, 404], path).toContain(status)
    }
  })

  test('the page of runs refuses a request that lacks the token, comes from another origin or frame, or names another host', async () => {
    const { url } = await opened(resultsWith({}))
    const { pathname, port } = new URL(url)
    for (const path of ['/', '//', '/guessed/', '/guessed/compare', `/?token=${pathname.slice(1, -1)}`])
      expect([400, 401], path).toContain(await statusOf(url, path))
    expect(await statusOf(url, pathname, { Host: 'rebound.example' })).toBe(403)
    expect(await statusOf(url, pathname, { Origin: 'http://evil.example' })).toBe(403)
    expect(await statusOf(url, pathname, { Origin: `http://localhost:${port}` })).toBe(403)
    const framed = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }
    expect(await statusOf(url, pathname, framed)).toBe(403)
    expect(await statusOf(url, pathname, { ...framed, 'Sec-Fetch-Dest': 'document' })).toBe(200)
    expect(await statusOf(url, pathname, {}, 'POST')).toBe(405)
  })

  test('the page of runs is shown even if its directory is empty, missing or damaged', async () => {
    expect(await textAt((await opened(resultsWith({}))).url)).toContain('No runs yet')
    expect(await textAt((await opened(join(tmpdir(), 'chaos-no-such'))).url)).toContain('No runs yet')
    const damaged = resultsWith({
      [ONE]: { 'run.json': '{"cut', 'history.jsonl': '{"chaos":1}\n{"type":"invoke"}\n' },
      [OTHER]: { 'live.json': '{"pid' },
    })
    const page = await textAt((await opened(damaged)).url)
    expect(page).toContain('run.json cannot be read')
    expect(page).toContain(`npx chaos check ${damaged}/${ONE}`)
    expect(page).toContain('Nothing recorded')
  })

  test('the page of runs lists a thousand runs', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `20261120-07${String(4500 + i)}-raft`)
    const directory = resultsWith(Object.fromEntries(names.map((name, i) => [name, { 'run.json': runJson(i % 7) }])))
    const page = await textAt((await opened(directory)).url)
    expect(page.match(/<tr data-name=/g)).toHaveLength(1000)
    expect(page).toContain('1,000 runs')
  })
})

describe('the announcement of a live page', () => {
  test('the announcement of a live page can be read until its owner withdraws it', () => {
    const directory = resultsWith({ [ONE]: {} })
    const takeBack = announce(join(directory, ONE), 'http://127.0.0.1:9/')
    expect(announcedIn(join(directory, ONE))).toBe('http://127.0.0.1:9/')
    takeBack()
    expect(announcedIn(join(directory, ONE))).toBeUndefined()
  })

  test.each([
    '',
    '{',
    '7',
    'null',
    '{"url":"http://127.0.0.1/"}',
    '{"url":"http://127.0.0.1/","pid":0}',
    '{"url":"http://127.0.0.1/","pid":-1}',
    '{"url":"http://127.0.0.1/","pid":4194304999}',
    `{"url":"javascript:alert(1)","pid":${process.pid}}`,
    `{"url":7,"pid":${process.pid}}`,
  ])('the announcement of a live page is ignored if it is damaged or its process has ended: %s', (text) => {
    const directory = resultsWith({ [ONE]: { 'live.json': text } })
    expect(readFileSync(join(directory, ONE, 'live.json'), 'utf8')).toBe(text)
    expect(announcedIn(join(directory, ONE))).toBeUndefined()
  })
})

/** Returns the status of a request for exactly this path. `fetch` would normalise the path. */
const statusOf = (
  url: string,
  path: string,
  headers: { readonly [name: string]: string } = {},
  method = 'GET',
): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    get({ hostname, port, path, headers, method, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
