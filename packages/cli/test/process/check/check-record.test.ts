import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const saved = (...lines: readonly object[]): string => {
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

const read = (process: number, value: number): object[] => [
  { process, type: 'invoke', f: 'read', key: 'x', value: null },
  { process, type: 'ok', f: 'read', key: 'x', value },
]
const write = (process: number, value: number): object[] => [
  { process, type: 'invoke', f: 'write', key: 'x', value },
  { process, type: 'ok', f: 'write', key: 'x', value },
]
const header = { chaos: 1, model: 'register', initial: 'unknown' }

describe('the record of a service that already held data', () => {
  const events = [...read(0, 3), ...write(1, 4), ...read(0, 4)]

  test('a read of a value that nobody wrote is linearizable if the header or the command line declares initial values unknown', async () => {
    const found = async (...args: readonly string[]) =>
      (await chaosHere(['check', ...args, '--expect', 'linearizable'])).exitCode
    expect(await found(saved(header, ...events))).toBe(0)
    expect(await found(saved(...events), '--initial', 'unknown')).toBe(0)
    expect(await found(saved(...events))).toBe(1)
  })

  test('a history is not linearizable if its reads contradict the initial value given by --initial', async () => {
    const judged = async (initial: string) => {
      const file = saved(header, ...events)
      const { exitCode, stdout } = await chaosHere([
        'check',
        file,
        '--initial',
        initial,
        '--expect',
        'linearizable',
        '--json',
      ])
      return { exitCode, linearizable: JSON.parse(stdout).levels.linearizable.result }
    }
    expect(await judged('null')).toEqual({ exitCode: 1, linearizable: 'violated' })
    expect(await judged('5')).toEqual({ exitCode: 1, linearizable: 'violated' })
    expect(await judged('3')).toEqual({ exitCode: 0, linearizable: 'met' })
  })

  test('a history is not linearizable if a read returns the unknown initial value after it was overwritten', async () => {
    const { exitCode, stdout } = await chaosHere([
      'check',
      saved(header, ...events, ...read(0, 3)),
      '--expect',
      'linearizable',
    ])
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(
      /nobody ever wrote 3, and what was there at the start had been\s+overwritten: process 1's write of 4/,
    )
  })
})

describe('a record with a gap', () => {
  const touched = {
    process: 'recorder',
    type: 'info',
    f: 'touched',
    key: 'x',
    value: { what: 'EVAL', why: 'a script' },
  }

  test.each([
    { name: 'with an expectation', args: ['--expect', 'linearizable'] },
    { name: 'without an expectation', args: [] },
  ])(
    'chaos check exits with 2 and a reason if a key has an unrecorded request and nothing contradicts linearizability ($name)',
    async ({ args }) => {
      const { exitCode, stdout } = await chaosHere([
        'check',
        saved(header, ...write(0, 1), touched, ...read(0, 1)),
        ...args,
      ])
      expect(exitCode).toBe(2)
      expect(stdout.split('\n').slice(0, 4).join('\n')).toMatch(
        /UNKNOWN WHETHER LINEARIZABLE[\s\S]*x is judged only up to line 4/,
      )
    },
  )

  test('chaos check exits with 1 if the events before an unrecorded request contradict the expectation', async () => {
    const file = saved(header, ...write(0, 1), ...read(0, 2), touched, ...read(0, 1))
    const { exitCode } = await chaosHere(['check', file, '--expect', 'linearizable'])
    expect(exitCode).toBe(1)
  })
})
