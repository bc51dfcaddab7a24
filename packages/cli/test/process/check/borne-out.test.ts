import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Tests that sentences claim only what the record shows about failures, about faults without times, and about the
// holder of a lock.

type Json = number | string | null | readonly Json[]
type Line = readonly [process: number, type: string, f: string, value: Json]

async function checkOutput(model: string, lines: readonly Line[], everyMs: number | undefined): Promise<string> {
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

describe('the explanation of a read of a failed write', () => {
  test.each<[string, Line[], boolean]>([
    ['a write that failed before the read', [...failed(0, 'write', 7), ...read(1, 7)], true],
    [
      'a write that failed during the read',
      [[1, 'invoke', 'read', null], ...failed(0, 'write', 7), [1, 'ok', 'read', 7]],
      true,
    ],
    ['a write that failed after the read', [...read(1, 7), ...failed(0, 'write', 7)], false],
    [
      'a write that failed after the read and after an older successful write',
      [...both(0, 'write', 1), ...read(1, 7), ...failed(0, 'write', 7)],
      false,
    ],
    ['a cas that failed after the read', [...both(0, 'write', 1), ...read(1, 7), ...failed(0, 'cas', [1, 7])], false],
  ])(
    'the explanation of an impossible read mentions a failed write only if that write began before the read returned: %s',
    async (_, lines, isOfIt) => {
      const said = await checkOutput('register', lines, 1)
      expect(said.includes('a write that had failed')).toBe(isOfIt)
      expect(said.includes('which nobody had written')).toBe(!isOfIt)
    },
  )
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
    ['a fault that ended', [...both(0, 'write', 1), ...cut(...stale)], /In force then: partition, lines 3 to 8/],
    [
      'a fault that never ended',
      [...both(0, 'write', 1), ...cut(...stale).slice(0, -1)],
      /In force then: partition, lines 3 to/,
    ],
    ['a fault that began later', [...both(0, 'write', 1), ...stale, ...cut()], /^(?!.*In force then)/],
  ])(
    'the explanation of a violation names a fault only if the violation happened during the fault: %s',
    async (_, lines, says) => {
      const said = await checkOutput('register', asNemesis(lines), undefined)
      expect(said).toMatch(says)
      expect(said).not.toMatch(/\d n?s after/)
    },
  )
})

describe('the explanation of a lock that was acquired twice', () => {
  const acquire = (process: number): Line[] => both(process, 'acquire', null)
  const release = (process: number): Line[] => both(process, 'release', null)
  test.each<[string, Line[], RegExp]>([
    [
      'no second holder if one client acquired it twice',
      [...acquire(0), ...acquire(0), ...release(0)],
      /p0 was given the lock twice/,
    ],
    [
      'no second holder if one client acquired it twice without release',
      [...acquire(0), ...acquire(0)],
      /p0 was given the lock twice/,
    ],
    [
      'no second holder if the previous holder had released it',
      [...acquire(1), ...release(1), ...acquire(0), ...acquire(0)],
      /p0 was given the lock twice/,
    ],
    [
      'two holders if two clients acquired it',
      [...acquire(0), ...acquire(1), ...release(0), ...release(1)],
      /Two clients held the lock/,
    ],
    [
      'two holders if two clients acquired it and neither released it',
      [...acquire(0), ...acquire(1)],
      /Two clients held the lock/,
    ],
  ])('names %s', async (_, lines, says) => {
    expect(await checkOutput('lock', lines, 1)).toMatch(says)
  })
})
