import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, historyFromEvents, readHistory, UserError } from 'chaosproxy'
import { describe, expect, test } from 'vitest'
import { chaosHere, root } from '../../../../testing/src/chaos.ts'

const STALE = join(root, 'histories', 'stale-read.jsonl')
const eventsOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

const staleRead = [
  { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
  { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
  { process: 1, type: 'invoke', f: 'read', key: 'x' },
  { process: 1, type: 'ok', f: 'read', key: 'x', value: null },
] as const

describe('check()', () => {
  test('check() judges a list of events without any options', () => {
    const { levels, headline } = check(staleRead)
    expect(headline).toContain('not linearizable')
    expect(levels.linearizable.result).toBe('violated')
    expect(levels.sequential.result).toBe('met')
  })

  test('check() reports that a met level proves little if no read succeeded', () => {
    const { levels, vacuous } = check(staleRead.slice(0, 2))
    expect(levels.linearizable.result).toBe('met')
    expect(vacuous).toEqual(['no read succeeded'])
    expect(check(staleRead).vacuous).toEqual([])
  })

  test('check() gives the results of chaos check, both for a parsed history and for the events of a history', async () => {
    const { stdout } = await chaosHere(['check', STALE, '--json'])
    const told = Object.entries<{ result: string }>(JSON.parse(stdout).levels)
    const results = told.map(([level, { result }]) => [level, result])
    for (const report of [check(await readHistory(STALE)), check(eventsOf(STALE))])
      expect(Object.entries(report.levels).map(([level, { result }]) => [level, result])).toEqual(results)
  })

  test('check() reads model and initial value from a header object before the events', () => {
    const events = [
      { process: 0, type: 'invoke', f: 'read' },
      { process: 0, type: 'ok', f: 'read', value: 5 },
    ] as const
    const headed = [{ chaos: 1, model: 'counter', initial: 5 }, ...events] as unknown as typeof events
    expect(check(headed)).toMatchObject({ model: 'counter', levels: { linearizable: { result: 'met' } } })
    expect(check(events, { initial: 4 }).levels.linearizable.result).toBe('violated')
  })

  test('check() accepts a history made by historyFromEvents()', () => {
    expect(check(historyFromEvents(staleRead)).levels.linearizable.result).toBe('violated')
  })

  test('check() gives an unknown verdict if there are no events', () => {
    expect(check([]).levels.linearizable).toMatchObject({ result: 'unknown' })
  })

  test.each<[unknown, RegExp]>([
    [{ process: 0, type: 'invoked', f: 'read' }, /^events:2: .*"invoked"/],
    [{ process: 0, type: 'ok' }, /^events:2: .*"f"/],
    [{ process: 0, type: 'ok', f: 'read', value: new Date(0) }, /^events:2: an event must be a plain JSON object/],
    [{ process: 0, type: 'ok', f: 'read', value: Number.NaN }, /^events:2: an event must be a plain JSON object/],
    ['{"process":0}', /^events:2: .*a string/],
    [{ process: 3, type: 'ok', f: 'read', value: 1 }, /^events:2: process 3 completed "read" \(ok\) without/],
  ])('check() names the invalid event: %j', (event, message) => {
    const events = [{ process: 0, type: 'invoke', f: 'read' }, event] as Parameters<typeof check>[0]
    expect(() => check(events)).toThrow(UserError)
    expect(() => check(events)).toThrow(message)
  })
})
