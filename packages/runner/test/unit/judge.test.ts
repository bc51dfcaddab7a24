import type { Fault } from '@chaosproxy/faults'
import { historyFromEvents, nanos } from '@chaosproxy/history'
import { judgeExpectation } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import { report, violated } from '../../../testing/src/timeline.ts'
import { summarizeNodes, summarizePhases, withRecoveries } from '../../src/judge/phases.ts'
import { findDoubts, findVacuity, idleNotes, missingSuccesses, notesOf } from '../../src/judge/vacuity.ts'
import type { FaultRecord } from '../../src/result/run-summary.ts'

const MS = 1e6
type Line = readonly [
  process: number,
  f: 'read' | 'write' | 'cas',
  fromMs: number,
  toMs: number,
  type: 'ok' | 'fail' | 'info',
  node?: string,
  error?: string,
  answered?: 'answered',
]

/** Builds a history from a timeline with one line per operation. */
function timeline(lines: readonly Line[]) {
  const events = lines.flatMap(([process, f, fromMs, toMs, type, node = 'n1', error = 'timeout', answered], i) => {
    const shared = { process, f, value: f === 'cas' ? [0, i] : i, node }
    return [
      { ...shared, type: 'invoke' as const, time: nanos(fromMs * MS) },
      {
        ...shared,
        type,
        time: nanos(toMs * MS),
        ...(type === 'ok' || error === '' ? {} : { error }),
        ...(answered && { answered: true }),
      },
    ]
  })
  return historyFromEvents(events.sort((a, b) => a.time - b.time))
}

const kill: Fault = { kind: 'kill', nodes: ['n1'] }
const cut: Fault = { kind: 'partition', links: [{ from: 'n1', to: 'n2' }], mode: 'hold' }
const fault = (id: string, what: Fault, fromMs: number, toMs: number, hits = 1): FaultRecord => ({
  id,
  fault: what,
  from: nanos(fromMs * MS),
  to: nanos(toMs * MS),
  hits,
})

describe('the summary of phases and nodes of a run', () => {
  const faults = [fault('fault-1', cut, 10, 30), fault('fault-2', kill, 20, 40)]
  const history = timeline([
    [0, 'write', 1, 2, 'ok'],
    [0, 'read', 12, 16, 'ok'],
    [0, 'read', 22, 28, 'fail'],
    [1, 'read', 23, 33, 'ok'],
    [0, 'cas', 35, 36, 'fail', 'n1', 'mismatch', 'answered'],
    [0, 'read', 60, 61, 'ok'],
  ])
  const phases = summarizePhases(history, faults, {
    nodes: ['n1', 'n2', 'n3'],
    healedAt: nanos(50 * MS),
    endedAt: nanos(100 * MS),
  })
  const named = new Map(phases.map((phase) => [phase.phase, phase]))

  test('the summary of a run has "calm", "healed" and a phase for each combination of simultaneous faults', () => {
    expect([...named.keys()].sort()).toEqual(['calm', 'healed', 'kill', 'kill+partition', 'partition'])
  })

  test('the shares of time of all phases of a run add up to 1', () => {
    expect(phases.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
    expect(named.get('calm')?.share).toBeCloseTo(0.2)
    expect(named.get('healed')?.share).toBeCloseTo(0.5)
  })

  test('an operation is counted in the phase in which it was called', () => {
    expect(named.get('calm')?.operations).toBe(1)
    expect(named.get('kill+partition')).toMatchObject({ operations: 2, availability: 0.5, p50Nanos: 10 * MS })
  })

  test('stale reads and violated levels are counted in the phases in which the reads were called', () => {
    const operations = [1, 3].map((operation) => ({ operation, role: 'core' as const }))
    const broken = { level: 'linearizable' as const, sentence: 's', keys: [], operations, culprit: 3 }
    const judged = report('x', { linearizable: violated(broken) })
    const staleness = {
      reads: { measured: 3, stale: 2, ambiguous: 0, unexplained: 0 },
      staleRows: Int32Array.of(1, 3),
      k: { atLeast: 2 },
    }
    const bounds = { nodes: ['n1', 'n2', 'n3'], healedAt: nanos(50 * MS), endedAt: nanos(100 * MS) }
    const found = summarizePhases(history, faults, { ...bounds, report: { ...judged, staleness } })
    expect(Object.fromEntries(found.map(({ phase, staleReads, violated }) => [phase, [staleReads, violated]]))).toEqual(
      {
        calm: [0, []],
        partition: [1, []],
        'kill+partition': [1, ['linearizable']],
        kill: [0, []],
        healed: [0, []],
      },
    )
    expect(found.map(({ phase }) => phase)).toEqual(phases.map(({ phase }) => phase))
    expect(phases[0]).not.toHaveProperty('violated')
  })

  test('the strongest violated level is counted in each phase in which an unexpected value was read', () => {
    const broken = { level: 'linearizable' as const, sentence: 's', keys: [], operations: [], culprit: 3 as never }
    const judged = report('x', {
      linearizable: violated(broken),
      eventual: violated({ ...broken, culprit: 4 as never }),
    })
    const unexpected = [1, 4].map((operation) => ({ key: 'c', value: 9, count: 1, operation: operation as never }))
    const found = summarizePhases(history, faults, {
      ...{ nodes: ['n1', 'n2', 'n3'], healedAt: nanos(50 * MS), endedAt: nanos(100 * MS) },
      report: { ...judged, accounting: { unexpected } as never },
    })
    expect(Object.fromEntries(found.map(({ phase, violated: levels }) => [phase, levels]))).toEqual({
      calm: [],
      partition: ['linearizable'],
      'kill+partition': ['linearizable'],
      kill: ['eventual', 'linearizable'],
      healed: [],
    })
  })

  test('a cas that failed without an error counts as answered', () => {
    const declined = timeline([
      [0, 'cas', 1, 2, 'fail', 'n1', ''],
      [0, 'write', 5, 6, 'fail', 'n1', ''],
    ])
    const [calm] = summarizePhases(declined, [], { nodes: ['n1'], healedAt: nanos(10 * MS), endedAt: nanos(10 * MS) })
    expect(calm).toMatchObject({ phase: 'calm', operations: 2, availability: 0.5 })
  })

  test('an operation that failed with an error counts as answered only if its event has `answered: true`', () => {
    const refused = timeline([
      [0, 'cas', 1, 2, 'fail', 'n1', 'any words', 'answered'],
      [0, 'cas', 3, 4, 'fail', 'n1', 'status 409', 'answered'],
      [0, 'cas', 5, 6, 'fail', 'n1', 'mismatch'],
      [1, 'cas', 7, 8, 'info', 'n1', 'status 409, but the backend may have carried it out'],
    ])
    const [calm] = summarizePhases(refused, [], { nodes: ['n1'], healedAt: nanos(10 * MS), endedAt: nanos(10 * MS) })
    expect(calm).toMatchObject({ phase: 'calm', operations: 4, availability: 0.5 })
  })

  test('a phase is named differently for a fault that stops a majority and a fault that stops a minority', () => {
    const three: Fault = { kind: 'kill', nodes: ['n1', 'n2'] }
    const phasesOf = (...some: Fault[]): readonly (readonly [string, boolean])[] =>
      summarizePhases(
        history,
        some.map((each, i) => fault(`fault-${i}`, each, 10, 40)),
        { nodes: ['n1', 'n2', 'n3'], healedAt: nanos(50 * MS), endedAt: nanos(100 * MS) },
      ).map(({ phase, majority }) => [phase, majority])
    expect(phasesOf(kill)).toContainEqual(['kill', true])
    expect(phasesOf(three)).toContainEqual(['kill, no majority up', false])
    // n2 and n3 are up, but cannot reach each other.
    const apart: Fault = { kind: 'partition', links: [{ from: 'n2', to: 'n3' }], mode: 'hold' }
    expect(phasesOf(kill, apart)).toContainEqual(['kill+partition, no majority up', false])
    expect(phasesOf(apart)).toContainEqual(['partition', true])
  })

  test('a phase is named after a loss of majority only if the partition stopped a message', () => {
    const apart: Fault = { kind: 'partition', links: [{ from: 'n1', to: 'n2' }], mode: 'hold' }
    const phasesWith = (hits: number): readonly string[] =>
      summarizePhases(history, [{ ...fault('fault-1', apart, 10, 40), hits }], {
        ...{ nodes: ['n1', 'n2'], healedAt: nanos(50 * MS), endedAt: nanos(100 * MS) },
      }).map(({ phase }) => phase)
    expect(phasesWith(0)).toContain('partition')
    expect(phasesWith(1)).toContain('partition, no majority up')
  })

  test('the phases of a run with a single node do not mention a majority', () => {
    const alone = summarizePhases(history, [fault('fault-1', { kind: 'kill', nodes: ['n1'] }, 10, 40)], {
      nodes: ['n1'],
      healedAt: nanos(50 * MS),
      endedAt: nanos(100 * MS),
    })
    expect(alone.map(({ phase }) => phase)).toContain('kill')
  })

  test('a failed compare-and-set counts as answered', () => {
    expect(named.get('kill')).toMatchObject({ operations: 1, availability: 1 })
  })
})

test('the recovery from a fault is measured from the start of the fault to the first reply to a later operation', () => {
  const history = timeline([
    [0, 'write', 5, 12, 'ok'],
    [1, 'write', 11, 90, 'info'],
    [2, 'write', 14, 44, 'ok'],
  ])
  expect(withRecoveries(history, [fault('fault-1', kill, 10, 50)])[0]?.recoveryNanos).toBe(34 * MS)
})

test('the summary of the nodes of a run is sorted by node number, with the availability before healing', () => {
  const history = timeline([
    [0, 'write', 1, 2, 'ok', 'n10'],
    [1, 'write', 1, 2, 'fail', 'n2', 'unavailable'],
    [1, 'write', 70, 71, 'ok', 'n2'],
  ])
  expect(summarizeNodes(history, nanos(50 * MS))).toEqual([
    { node: 'n2', operations: 1, availability: 0 },
    { node: 'n10', operations: 1, availability: 1 },
  ])
})

describe('the finding that a run proves nothing', () => {
  const killed = { name: 'kill', kind: 'kill' } as const
  const busy = timeline([
    [0, 'write', 1, 5, 'ok'],
    [1, 'read', 2, 6, 'ok'],
  ])

  test('findVacuity accepts a run as meaningful if its reads and writes succeed and overlap', () => {
    expect(findVacuity(busy, [], [])).toEqual([])
  })

  test.each([
    ['no operation was made', timeline([])],
    [
      'no read succeeded',
      timeline([
        [0, 'write', 1, 5, 'ok'],
        [1, 'read', 2, 6, 'fail'],
      ]),
    ],
    [
      'no write succeeded',
      timeline([
        [0, 'write', 1, 5, 'info'],
        [1, 'read', 2, 6, 'ok'],
      ]),
    ],
    [
      'nothing ran at the same time as a write',
      timeline([
        [0, 'write', 1, 2, 'ok'],
        [0, 'read', 3, 4, 'ok'],
        [1, 'write', 5, 6, 'info'],
      ]),
    ],
  ])('findVacuity reports that a run proves nothing if %s', (reason, history) => {
    expect(findVacuity(history, [], []).join('; ')).toContain(reason)
  })

  const SERIAL_NOTE =
    'nothing ran at the same time as a write, so no race was tried; --require concurrency insists on one'

  test('a run without overlapping operations gets only a note if every outcome is known', () => {
    const serial = timeline([
      [0, 'write', 1, 2, 'ok'],
      [0, 'read', 3, 4, 'ok'],
    ])
    expect([findVacuity(serial, [], []), notesOf(serial, [])]).toEqual([[], [SERIAL_NOTE]])
    expect(notesOf(busy, [])).toEqual([])
  })

  test('a run without overlapping operations gets only a note if a fault explains each unknown outcome', () => {
    const serial = timeline([
      [0, 'write', 1, 2, 'ok'],
      [0, 'read', 3, 4, 'ok'],
      [0, 'write', 12, 13, 'info'],
    ])
    const cut = fault('f1', kill, 10, 20)
    expect([findVacuity(serial, [], [cut]), notesOf(serial, [cut])]).toEqual([[], [SERIAL_NOTE]])
  })

  /** Writes of two clients to keys, with a read at the same time. */
  const writing = (...writes: (readonly [key: string, value: number])[]) =>
    historyFromEvents(
      writes.flatMap(([key, value], i) => {
        const time = (ms: number) => nanos((10 * i + ms) * MS)
        const write = { process: 0, f: 'write', key, value }
        const read = { process: 1, f: 'read', key, value: null }
        return [
          { ...write, type: 'invoke', time: time(1) },
          { ...read, type: 'invoke', time: time(2) },
          { ...write, type: 'ok', time: time(3) },
          { ...read, value, type: 'ok', time: time(4) },
        ]
      }),
    )
  const unheard = (where: string) =>
    `all writes to ${where} wrote the same value, so that no read can tell an old value from a new one`

  test('findVacuity reports that a run proves nothing if every write of a key has the same value', () => {
    expect(findVacuity(writing(['x', 1], ['x', 1]), [], [])).toEqual([unheard('x')])
    expect(findVacuity(writing(['x', 1], ['y', 2], ['y', 2], ['x', 1]), [], [])).toEqual([unheard('each of 2 keys')])
    expect(
      missingSuccesses(writing(['x', 1], ['x', 1]), { model: 'register', initial: null, failedCas: 'drop' }),
    ).toEqual([unheard('x')])
  })

  test('findVacuity reports nothing if one key was written with two values, or one key was written only once', () => {
    expect(findVacuity(writing(['x', 1], ['x', 1], ['x', 2]), [], [])).toEqual([])
    expect(findVacuity(writing(['x', 1], ['x', 1], ['y', 1]), [], [])).toEqual([])
    expect(findVacuity(writing(['x', 1]), [], [])).toEqual([])
  })

  test('findVacuity reports that a run proves nothing if no key was both written and read', () => {
    const apart = historyFromEvents([
      { process: 0, type: 'invoke', f: 'write', key: 'users/1', value: 1 },
      { process: 1, type: 'invoke', f: 'read', key: 'user/1' },
      { process: 1, type: 'ok', f: 'read', key: 'user/1', value: null },
      { process: 0, type: 'ok', f: 'write', key: 'users/1', value: 1 },
    ])
    const reason =
      'no key was both written and read: users/1 was written, and user/1 was read, so that no read shows what a write left. Give both the same key'
    expect(findVacuity(apart, [], [])).toEqual([reason])
    expect(missingSuccesses(apart, { model: 'register', initial: null, failedCas: 'drop' })).toEqual([reason])
  })

  test('findVacuity reports that a run proves nothing if a requested fault never took effect', () => {
    expect(findVacuity(busy, [{ name: 'partition', kind: 'partition' }], [fault('fault-1', cut, 0, 10, 0)])).toEqual([
      'no partition took effect',
    ])
  })

  test('a default fault without effect causes only a note if nobody requested it', () => {
    const usual = { name: 'partition', kind: 'partition', isUsual: true } as const
    const told = ['no partition took effect: it found no message to hit']
    const idle = fault('fault-1', cut, 0, 10, 0)
    expect([findVacuity(busy, [usual], [idle]), idleNotes([usual], [idle])]).toEqual([[], told])
    const hit = fault('fault-2', cut, 0, 10)
    expect([findVacuity(busy, [usual], [idle, hit]), idleNotes([usual], [idle, hit])]).toEqual([[], []])
    expect(idleNotes([{ ...usual, isUsual: false }], [idle])).toEqual([])
  })

  test('the finding that a run proves nothing names a fault as the option --faults does', () => {
    const slow = { kind: 'latency', links: cut.links, latencyMs: 50, jitterMs: 0, distribution: 'uniform' } as Fault
    const delay = { name: 'delay', kind: 'latency' } as const
    expect(findVacuity(busy, [delay], [fault('fault-1', slow, 0, 10, 0)])).toEqual(['no delay took effect'])
    expect(findVacuity(busy, [delay], [])).toEqual(['no delay was injected'])
  })

  test('findVacuity reports that a run proves nothing if a requested fault was never injected', () => {
    expect(findVacuity(busy, [killed], [])).toEqual(['no kill was injected'])
  })

  test('the finding that a run proves nothing names what is missing: faults or a recovery', () => {
    expect(findDoubts(busy, [killed], [])).toEqual([{ lacks: 'faults', text: 'no kill was injected' }])
    const recovery = { type: 'unanswered', waited: nanos(2e9), misread: false } as const
    const [doubt] = findDoubts(busy, [], [], undefined, recovery)
    expect(doubt).toMatchObject({ lacks: 'recovery', text: expect.stringMatching(/^nothing was answered /) })
    expect(findDoubts(busy, [], [], undefined, { ...recovery, misread: true })).toMatchObject([
      { lacks: 'recovery', text: expect.stringMatching(/^no answer was understood after everything was healed/) },
    ])
  })

  test('findVacuity reports that a run proves nothing if no operation was pending during a requested fault', () => {
    expect(findVacuity(busy, [killed], [fault('fault-1', kill, 20, 30)])).toEqual([
      'no operation was under way during any kill',
    ])
  })

  test('findVacuity accepts a fault if an operation was called before the fault and answered during the fault', () => {
    const [last = 0] = [...busy.operations.returnTime].sort((one, other) => other - one)
    const [first = 0] = [...busy.operations.callTime].sort((one, other) => other - one)
    expect(last).toBeGreaterThan(first)
    const within = { ...fault('fault-1', kill, 0, 0), from: nanos((first + last) / 2), to: nanos(last + 1) }
    expect(findVacuity(busy, [killed], [within])).toEqual([])
  })

  test('a run that proves nothing turns a met expectation into unknown, and keeps a violated expectation', () => {
    const levels = { linearizable: { result: 'met' }, sequential: { result: 'violated' } }
    const report = { levels } as unknown as Parameters<typeof judgeExpectation>[0]
    expect(judgeExpectation(report, 'linearizable', ['no read succeeded']).met).toBe('unknown')
    expect(judgeExpectation(report, 'linearizable', []).met).toBe(true)
    expect(judgeExpectation(report, 'sequential', ['no read succeeded']).met).toBe(false)
  })
})
