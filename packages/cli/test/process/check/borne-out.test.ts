import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Sentences say what the record bears out: of failures, of faults without times, and of who held a lock.

type Json = number | string | null | readonly Json[]
type Line = readonly [process: number, type: string, f: string, value: Json]

async function saidOf(model: string, lines: readonly Line[], everyMs: number | undefined): Promise<string> {
  const file = join(temporaryDirectory(), 'h.jsonl')
  const events = lines.map(([process, type, f, value], at) => ({
    ...{ process, type, f, value },
    ...(everyMs === undefined ? {} : { time: at * everyMs * 1e6 }),
  }))
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const { stdout } = await chaosHere(['check', file, '--model', model])
  return stdout.replaceAll(/\s+/g, ' ')
}

const both = (process: number, f: string, value: Json, answer: Json = value): Line[] => [
  [process, 'invoke', f, value],
  [process, 'ok', f, answer],
]
const failed = (process: number, f: string, value: Json): Line[] => [
  [process, 'invoke', f, value],
  [process, 'fail', f, value],
]
const read = (process: number, answer: Json): Line[] => both(process, 'read', null, answer)

describe('a read of a value whose write failed', () => {
  test.each<[string, Line[], boolean]>([
    ['before the read is said to be of that write', [...failed(0, 'write', 7), ...read(1, 7)], true],
    [
      'during the read is said to be of that write',
      [[1, 'invoke', 'read', null], ...failed(0, 'write', 7), [1, 'ok', 'read', 7]],
      true,
    ],
    ['after the read is not said to be of that write', [...read(1, 7), ...failed(0, 'write', 7)], false],
    [
      'after the read is not said to be of that write, though an older write succeeded',
      [...both(0, 'write', 1), ...read(1, 7), ...failed(0, 'write', 7)],
      false,
    ],
    [
      'in a cas that was called later is not said to be of that cas',
      [...both(0, 'write', 1), ...read(1, 7), ...failed(0, 'cas', [1, 7])],
      false,
    ],
  ])('%s', async (_, lines, isOfIt) => {
    const said = await saidOf('register', lines, 1)
    expect(said.includes('a write that had failed')).toBe(isOfIt)
    expect(said.includes('which nobody had written')).toBe(!isOfIt)
  })
})

const cut = (...between: readonly Line[]): Line[] => [
  [-1, 'info', 'start-partition', null],
  ...between,
  [-1, 'info', 'stop-partition', null],
]
const asNemesis = (lines: readonly Line[]): Line[] =>
  lines.map(([process, ...rest]) => [process === -1 ? ('nemesis' as never) : process, ...rest])

describe('a fault in a record without times', () => {
  const stale = [...both(0, 'write', 2), ...read(1, 1)]
  test.each<[string, Line[], RegExp]>([
    [
      'is named with its lines if it was in force',
      [...both(0, 'write', 1), ...cut(...stale)],
      /In force then: partition, lines 3 to 8/,
    ],
    [
      'is named if it never ended',
      [...both(0, 'write', 1), ...cut(...stale).slice(0, -1)],
      /In force then: partition, lines 3 to/,
    ],
    ['is not blamed if it began later', [...both(0, 'write', 1), ...stale, ...cut()], /^(?!.*In force then)/],
  ])('%s', async (_, lines, says) => {
    const said = await saidOf('register', asNemesis(lines), undefined)
    expect(said).toMatch(says)
    expect(said).not.toMatch(/\d n?s after/)
  })
})

describe('a lock that was given twice', () => {
  const acquire = (process: number): Line[] => both(process, 'acquire', null)
  const release = (process: number): Line[] => both(process, 'release', null)
  test.each<[string, Line[], RegExp]>([
    [
      'to one client is not said to have two holders',
      [...acquire(0), ...acquire(0), ...release(0)],
      /p0 was given the lock twice/,
    ],
    [
      'to one client that never releases it is not said to have two holders',
      [...acquire(0), ...acquire(0)],
      /p0 was given the lock twice/,
    ],
    [
      'to one client after another released it is not said to have two holders',
      [...acquire(1), ...release(1), ...acquire(0), ...acquire(0)],
      /p0 was given the lock twice/,
    ],
    [
      'to two clients has two holders',
      [...acquire(0), ...acquire(1), ...release(0), ...release(1)],
      /Two clients held the lock/,
    ],
    ['to two clients at the end has two holders', [...acquire(0), ...acquire(1)], /Two clients held the lock/],
  ])('%s', async (_, lines, says) => {
    expect(await saidOf('lock', lines, 1)).toMatch(says)
  })
})
