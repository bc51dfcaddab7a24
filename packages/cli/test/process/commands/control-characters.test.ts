import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect } from 'vitest'
import { printableLines } from '../../../../report/src/operation-words.ts'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'

/** A text that clears the screen, sets the title and rings the bell. It also contains commands of GitHub Actions. */
const HOSTILE = '\u001b[2J\u001b]0;pwn\u0007\u009b1m\u202e\n::error title=pwn::pwn\n##[add-mask]x'

/** Returns the parts of a text that a terminal or GitHub Actions would treat as commands. */
const commandsIn = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
  text.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]|^\s*::|##\[/gm) ?? []

test('printableLines keeps line breaks and tabs, but no other control characters', () => {
  expect(printableLines('a\n\tb: c::d')).toBe('a\n\tb: c::d')
  expect(commandsIn(printableLines(HOSTILE))).toEqual([])
})

describe('a refused history', () => {
  const history = (header: object, f: string) =>
    [
      { chaos: 1, ...header },
      { index: 0, time: 1, process: 0, type: 'invoke', f, key: HOSTILE, value: 1 },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('')

  test.each([
    ['an unknown model', history({ model: `./evil${HOSTILE}` }, 'write')],
    ['an unknown function', history({ model: 'register' }, HOSTILE)],
    ['no JSON', `{"chaos":1}\n${HOSTILE}\n`],
  ])('a refused history is reported without control characters: %s', async (_, content) => {
    const file = join(temporaryDirectory(), 'bad.jsonl')
    writeFileSync(file, content)
    const { exitCode, stdout, stderr } = await chaosHere(['check', file])
    expect(exitCode).not.toBe(0)
    expect(stderr + stdout).not.toBe('')
    expect(commandsIn(stderr)).toEqual([])
    expect(commandsIn(stdout)).toEqual([])
  })

  test('a refused history is reported without the control characters in its file name', async () => {
    const directory = join(temporaryDirectory(), 'found')
    mkdirSync(directory)
    writeFileSync(join(directory, `a${HOSTILE.replaceAll('/', '')}.jsonl`), 'no history')
    const { exitCode, stdout, stderr } = await chaosHere(['check', join(directory, '*.jsonl'), '--verbose'])
    expect(exitCode).toBe(3)
    expect(commandsIn(stderr + stdout)).toEqual([])
  })
})

describe('a hostile text from a proxy', () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  /** Starts a control interface that sends HOSTILE as every name, as an old proxy or an untrusted server might. */
  async function hostileProxy(): Promise<string> {
    const link = `clients>${HOSTILE}`
    const proxy = { name: HOSTILE, listen: HOSTILE, upstream: HOSTILE, enabled: true, links: [link], faults: [HOSTILE] }
    const fault = { name: HOSTILE, kind: 'latency', links: [link], hits: 1, origin: HOSTILE, latencyMs: HOSTILE }
    const lease = { id: HOSTILE, owner: HOSTILE, ttlMs: 1, remainingMs: 1, faults: [HOSTILE] }
    const answers: { readonly [path: string]: unknown } = {
      '/v1/proxies': [proxy],
      '/v1/faults': [fault],
      '/v1/leases': [lease],
      '/v1/links': [],
    }
    const server = createServer((request, response) => {
      response.setHeader('X-Chaos-Version', '0.1.0')
      const path = request.url ?? ''
      if (path === '/v1/events') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        response.end(`data: ${JSON.stringify({ sequence: 1, at: HOSTILE, type: HOSTILE, fault: HOSTILE })}\n\n`)
      } else if (answers[path] !== undefined) response.end(JSON.stringify(answers[path]))
      else response.writeHead(409).end(JSON.stringify({ error: HOSTILE }))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test.each([['list'], ['faults'], ['leases'], ['watch'], ['reset'], ['list', '--json'], ['watch', '--json']])(
    'chaos ctl %s escapes the control characters in a text from a proxy',
    async (...words) => {
      const { stdout, stderr } = await chaosHere(['ctl', ...words, '--host', await hostileProxy()])
      expect(stdout + stderr).toContain('pwn')
      expect(commandsIn(stdout)).toEqual([])
      expect(commandsIn(stderr)).toEqual([])
    },
  )
})

test('the Markdown of a result mentions no GitHub user, and its JSON contains no control characters', async () => {
  const file = join(temporaryDirectory(), 'stale.jsonl')
  const key = '@octocat/team \u009b \u202e'
  const events = [
    [0, 'invoke', 'write', 1],
    [0, 'ok', 'write', 1],
    [1, 'invoke', 'read', null],
    [1, 'ok', 'read', null],
  ].map(([process, type, f, value], index) => ({ index, time: index + 1, process, type, f, key, value }))
  const lines = [{ chaos: 1, model: 'register', initial: null }, ...events]
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const markdown = (await chaosHere(['check', file, '--expect', 'linearizable', '--reporter', 'markdown'])).stdout
  expect(markdown).toContain('octocat')
  expect(markdown.replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '')).not.toMatch(/@\w/)
  const json = (await chaosHere(['check', file, '--json'])).stdout
  expect(commandsIn(json)).toEqual([])
  expect(JSON.stringify(JSON.parse(json))).toContain('\u202e')
})
