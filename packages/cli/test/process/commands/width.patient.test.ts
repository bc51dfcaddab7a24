import { join } from 'node:path'
import { nemeses } from '@chaosproxy/faults'
import fc from 'fast-check'
import { describe, expect, onTestFinished } from 'vitest'
import { BRIEF_COMPARISON, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { fitted } from '../../../src/terminal/fitted.ts'
import { valueService, WRITE_AND_READ } from '../../value-service.ts'

const WIDTH = 80
const history = (name: string) => join(root, 'histories', `${name}.jsonl`)

/** Runs chaos with COLUMNS set to 80, as a shell may set it. Returns the lines of its output. */
const narrow = (...args: readonly string[]): Promise<readonly string[]> => narrowIn(root, args)

async function narrowIn(cwd: string, args: readonly string[]): Promise<readonly string[]> {
  const before = process.env['COLUMNS']
  process.env['COLUMNS'] = String(WIDTH)
  onTestFinished(() => {
    if (before === undefined) delete process.env['COLUMNS']
    else process.env['COLUMNS'] = before
  })
  const { stdout, stderr } = await chaosHere(args, { cwd })
  expect(stdout).not.toBe('')
  return `${stderr}${stdout}`.split('\n')
}

/** Paths and commands are never wrapped, because users copy them. */
const isCopied = (line: string): boolean => /^ *\S+$|npx chaos|\.jsonl?\b|\.html/.test(line)

const wide = (lines: readonly string[]) => lines.filter((line) => line.length > WIDTH && !isCopied(line))

describe('a terminal of 80 columns', () => {
  test.each([
    ['targets'],
    ['targets', '--bugs'],
    ['targets', '--faults'],
    ['targets', 'raft', '--faults'],
    ['workloads'],
    ['reporters'],
    ['scenario'],
    ['ctl', 'kinds'],
    ['check', history('stale-read'), '--explain'],
    ['check', join(root, 'histories', '*.jsonl')],
    ['diff', history('fresh-read'), history('stale-read')],
    ['explain', history('split-brain')],
    ['run', '--help'],
    ['compare', '--help'],
  ])('a terminal of 80 columns is wide enough for each line that chaos %s %s prints', async (...args) => {
    expect(wide(await narrow(...args))).toEqual([])
  })

  test('a terminal of 80 columns is wide enough for the tables and the drawn contradiction of chaos run', async () => {
    const broken = ['--bug', 'stale-read', '--faults', 'isolate-leader', '--seed', '3', '--require', 'lost == 0']
    const out = ['--out', temporaryDirectory()]
    expect(wide(await narrow('run', '--sim', '--time', '2s', '--rate', '150', ...broken, ...out))).toEqual([])
  })

  patientTest.each([
    ['--bug', 'stale-read', '--seed', '4', '--seeds', '1'],
    ['--target', 'paxos', '--bug', 'ignore-highest-accepted', '--seed', '3', '--seeds', '1'],
    ['--target', 'paxos', '--seeds', '2'],
  ])('a terminal of 80 columns is wide enough for each line that chaos fuzz %s %s prints', async (...args) => {
    const search = ['fuzz', '--workers', '1', '--shrink', '1s', '--out', temporaryDirectory()]
    expect(wide(await narrow(...search, ...args))).toEqual([])
  })

  test('chaos compare splits wide tables so that they fit into a terminal of 80 columns', async () => {
    const systems = 'raft,primary-replica:sync=1:reads=primary,primary-replica:reads=replica:sync=majority'
    const faults = 'partition,isolate-leader,kill,pause,delay,clock'
    const compare = ['compare', ...BRIEF_COMPARISON, '--targets', systems, '--faults', faults]
    const lines = await narrow(...compare)
    expect(wide(lines)).toEqual([])
    for (const fault of faults.split(',')) expect(lines.join('\n')).toContain(` ${fault}`)
    for (const title of ['available', 'worst p99', 'lost']) expect(lines.join('\n')).toContain(` ${title}`)
  })

  patientTest('a terminal of 80 columns is wide enough for the output of chaos record', async () => {
    const { cwd, record } = valueService()
    const faults = ['--faults', 'lose-reply,partition,slow-body', '--seed', '1']
    expect(wide(await narrowIn(cwd, [...record, ...faults, ...WRITE_AND_READ]))).toEqual([])
  })
})

test('chaos targets --faults has a line for each nemesis, and no details of other fault kinds', async () => {
  const text = (await chaosHere(['targets', '--faults'])).stdout
  for (const { name } of nemeses) expect(text).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  expect(nemeses.every(({ summary }) => text.includes(summary))).toBe(true)
  for (const kind of ['latency', 'bandwidth', 'drop-message']) expect(text).not.toContain(kind)
  expect(text).toMatch(/^ {2}half-open +\S/m)
})

test('chaos targets NAME --faults says why a fault cannot be injected into the target, and proposes an alternative', async () => {
  const text = (await narrow('targets', 'raft', '--faults')).join(' ').replaceAll(/ +/g, ' ')
  expect(text).toContain('✘ clock all processes of a machine read the same clock. Instead: pause, or with --sim')
  for (const { name } of nemeses) expect(text).toMatch(new RegExp(`[✔✘] ${name} `))
})

test('a list wraps at spaces within its last column, and loses no text', () => {
  expect(fitted('  name    a summary of it, which goes on and on', 24)).toBe(
    ['  name    a summary of', '          it, which goes', '          on and on'].join('\n'),
  )
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      const lines = fitted(`  x   ${words.join(' ')}`, 30).split('\n')
      expect(lines.join(' ').split(/ +/).filter(Boolean)).toEqual(['x', ...words])
      expect(lines.every((line) => line.length <= 30)).toBe(true)
    }),
  )
})

test('a list does not wrap if the width is unknown', () => {
  expect(fitted('a b '.repeat(100), undefined)).toBe('a b '.repeat(100))
})

test('chaos targets has a line for each target, and is at most forty lines long', async () => {
  const lines = (await chaosHere(['targets'])).stdout.trim().split('\n')
  const real: { target: string; tier: string }[] = JSON.parse((await chaosHere(['targets', '--json'])).stdout)
  const names = real.filter(({ tier }) => tier === 'real').map(({ target }) => target)
  expect(lines.length).toBeLessThanOrEqual(40)
  expect(lines.slice(0, names.length + 1).map((line) => line.split(' ')[0])).toEqual([...names, 'maelstrom'])
})
