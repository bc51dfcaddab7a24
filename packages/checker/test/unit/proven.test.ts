import { createOnlineChecker, limitedTo } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { OnlineViolation } from '../../src/online/checker.ts'
import { checkHistory, timeline } from '../checking.ts'

// The read of x is certainly stale. The event of the nemesis, which is no client, shifts positions: a position among
// all events differs from the position among the clients' events.
const STALE: readonly EventInput[] = [
  { process: 'nemesis', type: 'info', f: 'partition', value: null },
  ...timeline('wx1|wx2|', '       rx1|'),
]

const later = (key: string, length: number): EventInput[] =>
  Array.from({ length }, (_, n): EventInput[] => [
    { process: 7, type: 'invoke', f: 'write', key, value: n },
    { process: 7, type: 'ok', f: 'write', key, value: n },
  ]).flat()

function provenIn(events: readonly EventInput[]): OnlineViolation | undefined {
  const online = createOnlineChecker({ model: 'register', initial: null })
  for (const event of events) online.push(event)
  return online.violation()
}

const untimed = (events: readonly EventInput[]): EventInput[] => events.map(({ time: _, ...event }) => event)

describe('a violation proven during recording', () => {
  test('a violation proven during recording is reported with the operations of its key even after the deadline', () => {
    const events = untimed([...later('y', 3_000), ...STALE, ...later('x', 3_000)])
    const limits = () => ({ ...limitedTo(10_000) })
    expect(checkHistory(historyFromEvents(events), limits()).levels.linearizable.result).toBe('unknown')
    const report = checkHistory(historyFromEvents(events), { ...limits(), proven: provenIn(events) })
    expect(report.levels.linearizable).toMatchObject({
      result: 'violated',
      counterexample: { operations: [3_000, 3_001, 3_002].map((operation) => ({ operation })), culprit: 3_002 },
    })
    expect(report.headline).toMatch(/^not linearizable/)
    expect(report.levels.sequential.result).toBe('unknown')
  })

  test('a check that runs out of memory reports the violation found during recording, in the same words', () => {
    const events = untimed([...STALE, ...later('x', 10), ...later('y', 10)])
    const proven = provenIn(events)
    const report = checkHistory(historyFromEvents(events), { memoryBytes: 1, proven })
    expect(checkHistory(historyFromEvents(events), { memoryBytes: 1 }).levels.linearizable.result).toBe('unknown')
    expect(report.levels.linearizable).toMatchObject({
      result: 'violated',
      counterexample: {
        sentence: proven?.sentence,
        keys: ['x'],
        culprit: 2,
        operations: [{ operation: 0, role: 'context' }, { role: 'context' }, { operation: 2, role: 'core' }],
        uncut: { why: 'memory', among: 3, standsAlone: false },
      },
    })
  })

  test('a violation proven during recording is ignored if the history lacks it or the level is not checked', () => {
    const events = untimed([...STALE, ...later('y', 10)])
    const proven = provenIn(events) as OnlineViolation
    const limit = { deadlineMs: millis(0) }
    for (const other of [
      { ...proven, clientPosition: 900 },
      { ...proven, key: 'y' },
    ])
      expect(checkHistory(historyFromEvents(events), { ...limit, proven: other }).levels.linearizable.result).toBe(
        'unknown',
      )
    const report = checkHistory(historyFromEvents(events), { ...limit, proven, levels: ['eventual'] })
    expect(report.levels.linearizable.result).toBe('unknown')
  })
})
