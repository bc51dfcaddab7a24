import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { harmlessOutput } from '@chaosproxy/history'
import { beforeAll, describe, expect } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'

/**
 * A text that controls a terminal. It also contains commands of GitHub Actions. Line wrapping could put these at the
 * start of a line, where they would take effect.
 */
const HOSTILE = `Z\u001b[2J\u009b1m\u202e\n::error::a\r\nFORGED a line\n  ::STOP-commands::b ${' ::stop-commands::pwn'.repeat(12)} ##[add-mask]x`

/**
 * Returns the parts of a text that a terminal or GitHub Actions would treat as commands, and the lines that people
 * would think chaos had printed.
 */
const commandsIn = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
  text.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]|^\s*(?:::|FORGED).*|##\[/gm) ?? []

type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/** Yields the document once for each of its texts, numbers and member names, with that one replaced. */
function* poisoned(value: Json): Generator<Json> {
  if (typeof value === 'string' || typeof value === 'number') yield HOSTILE
  if (typeof value === 'string') yield `${value}${HOSTILE}`
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      for (const other of poisoned(item)) yield value.map((same, j) => (i === j ? other : same))
    return
  }
  yield { ...value, [HOSTILE]: HOSTILE }
  for (const [name, member] of Object.entries(value)) {
    for (const other of poisoned(member as Json)) yield { ...value, [name]: other }
  }
}

/** Runs the command, and expects no control sequence or CI command in its output. */
async function expectHarmless(args: readonly string[], options: { readonly cwd?: string } = {}) {
  const { stdout, stderr, exitCode } = await chaosHere(args, options)
  expect([args[0], exitCode, commandsIn(stdout), commandsIn(stderr)]).toEqual([args[0], exitCode, [], []])
  return stdout + stderr
}

const directory = () => temporaryDirectory()

/** A stale read, and events that have every other kind of member. */
const events: readonly { readonly [member: string]: Json }[] = [
  { chaos: 1, model: 'register', initial: 0, sessions: { by: 'header.x', named: true }, mapping: 'routes' },
  { index: 0, time: 1e6, process: 0, type: 'invoke', f: 'write', key: 'k', value: 1, node: 'n1', session: 'a' },
  { index: 1, time: 2e6, process: 0, type: 'ok', f: 'write', key: 'k', value: 1, node: 'n1' },
  { index: 2, time: 3e6, process: 'nemesis', type: 'info', f: 'partition', value: { links: ['n1>n2', 'n2>n1'] } },
  { index: 3, time: 4e6, process: 1, type: 'invoke', f: 'read', key: 'k', value: null, node: 'n2', session: 'b' },
  { index: 4, time: 5e6, process: 1, type: 'ok', f: 'read', key: 'k', value: 0, node: 'n2' },
  { index: 5, time: 6e6, process: 'recorder', type: 'info', f: 'touched', key: 'j', value: { what: 'a', why: 'b' } },
  { index: 6, time: 7e6, process: 2, type: 'invoke', f: 'write', key: 'k', value: 'text', node: 'n1' },
  { index: 7, time: 8e6, process: 2, type: 'info', f: 'write', key: 'k', value: 'text', node: 'n1', error: 'timeout' },
  { index: 8, time: 9e6, process: 3, type: 'invoke', f: 'read', key: 'k', value: null, node: 'n2', final: true },
  { index: 9, time: 10e6, process: 3, type: 'ok', f: 'read', key: 'k', value: 1, node: 'n2', final: true },
]

const lines = (all: Json) => (all as readonly Json[]).map((line) => `${JSON.stringify(line)}\n`).join('')

describe('a hostile text', () => {
  const histories = [...poisoned(events)]
  // Changes a member in all events at once, because running every command for each event takes too long.
  const everywhere = (member: string, more: string) =>
    lines(events.map((event) => (member in event ? { ...event, [member]: `${event[member]}${more}` } : event)))

  test('chaos check prints hostile texts without their control sequences, wherever they occur in the history', async () => {
    const cwd = directory()
    for (const [i, history] of histories.entries()) writeFileSync(join(cwd, `${i}.jsonl`), lines(history))
    for (let i = 0; i < histories.length; i += 50)
      await expectHarmless(
        ['check', ...histories.slice(i, i + 50).map((_, j) => `${i + j}.jsonl`), '--model', 'register', '--verbose'],
        { cwd },
      )
  })

  test.each(['key', 'node', 'process', 'error', 'session', 'value'])(
    'the %s of an event cannot inject control sequences into the output, wherever the output wraps lines',
    async (member) => {
      const cwd = directory()
      const page = async (more: string) => {
        writeFileSync(join(cwd, 'h.jsonl'), everywhere(member, more))
        for (const args of [['check'], ['explain']]) await expectHarmless([...args, 'h.jsonl'], { cwd })
      }
      for (const length of [1, 20, 60, 80, 90, 100]) await page(`${'k'.repeat(length)} ::stop-commands::pwn`)
      await page(HOSTILE)
    },
  )

  test("hostile texts cannot inject control sequences into the recorder's notes about unrecognised requests", async () => {
    const cwd = directory()
    const told = (event: { readonly [member: string]: Json }) =>
      event['process'] === 'recorder' ? { ...event, value: { what: HOSTILE, why: HOSTILE } } : event
    writeFileSync(join(cwd, 'h.jsonl'), lines(events.map(told)))
    for (const command of ['check', 'explain']) await expectHarmless([command, 'h.jsonl'], { cwd })
  })

  test.each(['default', 'line', 'dot', 'tap', 'json', 'jsonl', 'junit', 'markdown', 'mermaid'])(
    'hostile texts cannot inject control sequences through the reporter %s',
    async (reporter) => {
      const cwd = directory()
      for (const member of ['key', 'node', 'process'])
        for (const more of [`${'k'.repeat(80)} ::stop-commands::pwn`, HOSTILE]) {
          writeFileSync(join(cwd, 'h.jsonl'), everywhere(member, more))
          await expectHarmless(['check', 'h.jsonl', '--reporter', reporter], { cwd })
        }
    },
  )

  test('hostile texts cannot inject commands into annotations for GitHub', async () => {
    const cwd = directory()
    writeFileSync(join(cwd, 'h.jsonl'), everywhere('key', HOSTILE))
    const { stdout } = await chaosHere(['check', 'h.jsonl', '--reporter', 'github'], { cwd })
    const annotations = stdout.split('\n').filter((line) => /^::(?:error|notice) /.test(line))
    expect(annotations).toHaveLength(1)
    expect(commandsIn(stdout)).toEqual(annotations)
  })

  describe('a hostile result or replay', () => {
    let run: { readonly [member: string]: Json }
    beforeAll(async () => {
      const out = join(root, 'node_modules', `.hostile-${process.pid}`)
      const { stdout } = await chaosHere(
        [
          'run',
          '--sim',
          '--target',
          'raft',
          '--bug',
          'stale-read',
          '--seed',
          '3',
          '--time',
          '2s',
          '--json',
          '--out',
          out,
        ],
        {},
      )
      run = JSON.parse(stdout)
      const { rmSync } = await import('node:fs')
      rmSync(out, { recursive: true, force: true })
    })

    test('a hostile result cannot inject control sequences into a comparison of results', async () => {
      const cwd = directory()
      writeFileSync(join(cwd, 'good.json'), JSON.stringify(run))
      const small = Object.fromEntries(Object.entries(run).map(([name, value]) => [name, shortened(value as Json)]))
      for (const other of poisoned(small)) {
        writeFileSync(join(cwd, 'bad.json'), JSON.stringify(other))
        await expectHarmless(['diff', 'bad.json', 'good.json'], { cwd })
      }
    })

    test('a hostile replay file cannot inject control sequences into the output of its replay', async () => {
      const cwd = directory()
      const spec = JSON.parse(readFileSync(join(root, 'packages/simulator/test/recorded/raft.replay'), 'utf8')) as Json
      for (const other of poisoned(shortened(spec))) {
        writeFileSync(join(cwd, 'bad.json'), JSON.stringify(other))
        await expectHarmless(['replay', 'bad.json'], { cwd })
      }
    })
  })
})

/** Keeps at most two items of each list, because further items are printed in the same way. */
const shortened = (value: Json): Json => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member as Json)]))
}

describe('output', () => {
  test.each([
    ['  ::error::a', '  \\u003a:error::a'],
    ['\u00a0\u3000::error::a', '\u00a0\u3000\\u003a:error::a'],
    ['a\n\t::Error::b', 'a\n\t\\u003a:Error::b'],
    ['a ::b', 'a ::b'],
    ['##vso[task]', '\\u0023#vso[task]'],
    ['\u001b[1m::error::\u001b[22m', '\\u001b[1m::error::\\u001b[22m'],
  ])('output without colours has its control sequences and commands escaped: %j becomes %j', (text, safe) => {
    expect(harmlessOutput(text, { colours: false })).toBe(safe)
  })

  test.each([
    ['\u001b[1mbold\u001b[22m ::', '\u001b[1mbold\u001b[22m ::'],
    ['  \u001b[2m::error::', '  \u001b[2m\\u003a:error::'],
    ['\u001b[2J\u001b]0;t\u0007', '\\u001b[2J\\u001b]0;t\\u0007'],
    ['a\u001b[1m::b', 'a\u001b[1m::b'],
  ])('output with colours has all control sequences except colour codes escaped: %j becomes %j', (text, safe) => {
    expect(harmlessOutput(text, { colours: true })).toBe(safe)
  })
})
