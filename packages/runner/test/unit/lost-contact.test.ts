import { check } from '@chaosproxy/checker'
import type { Fault } from '@chaosproxy/faults'
import { type Event, historyFromEvents, millis, millisToNanos, nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Cluster, LostContact, RunOutcome } from '@chaosproxy/runner'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { createSimulatedCluster } from '../../../simulator/src/cluster.ts'
import { simulateRun } from '../../../simulator/test/simulate-run.ts'
import { summarizePhases } from '../../src/judge/phases.ts'
import { faultSpans } from '../../src/result/fault-spans.ts'
import { judgeRequirements } from '../../src/result/requirements/judge-requirements.ts'
import { parseRequirement } from '../../src/result/requirements/requirement.ts'

// A fault that another program injects, such as a proxy on another host, may heal by itself after contact with that
// program is lost.

const MS = 1e6
const ms = (time: number) => nanos(time * MS)
const links = [
  { from: 'n1', to: 'n3' },
  { from: 'n3', to: 'n1' },
]
const cut: Fault = { kind: 'partition', links, mode: 'drop' }
const WHY = 'the proxy at host-a:8474 has not answered for 2 s'

/** A run of Raft with a partition from 500 ms to 1500 ms. Contact with the injector is lost in the given way. */
function runWith(lost: Omit<LostContact, 'why'> | undefined): { events: Event[]; outcome: RunOutcome } {
  const events: Event[] = []
  const raft = createSimulatedCluster({ machine: findProtocol('raft')!.create({ settings: {} }), nodes: 3, seed: 5 })
  const inject: Cluster['inject'] = (fault, injected) =>
    raft.inject(fault, (outcome) =>
      injected(
        outcome.type === 'failed' || lost === undefined
          ? outcome
          : {
              type: 'injected',
              heal: (healed) =>
                outcome.heal((end) => healed(end.type === 'failed' ? end : { ...end, lost: { ...lost, why: WHY } })),
            },
      ),
    )
  const run = simulateRun(
    { ...raft, inject },
    {
      workload: register,
      settings: { keys: 2 },
      schedule: [{ id: 'fault-1', from: ms(500), to: ms(1500), plan: cut }],
      sink: { append: (event) => events.push(event) },
      ...{ clients: 4, rate: 200, timeMs: millis(3000), timeoutMs: millis(100), quietMs: millis(5000), seed: 5 },
    },
  )
  if (run.type !== 'ended') throw new Error(run.reason)
  return { events, outcome: run.outcome }
}

const checked = (events: readonly Event[]) =>
  check(historyFromEvents(events), {
    ...{ model: 'register', initial: null, failedCas: 'drop' as const },
    levels: ['linearizable', 'eventual', 'convergent'],
    ...{ deadlineMs: millis(10_000), memoryBytes: 256 * 1024 * 1024, now: () => millis(performance.now()) },
  })

describe('a run that lost contact with the fault injector', () => {
  test('a run that lost contact records how long the fault was certainly in force, and when it was certainly over', () => {
    const { outcome, events } = runWith({ knownAgo: ms(600), overAgo: ms(100) })
    expect(outcome.faults).toEqual([
      expect.objectContaining({ from: ms(500), to: ms(900), inDoubt: { why: WHY, until: ms(1400) } }),
    ])
    expect(outcome.trouble).toEqual([
      `fault-1 (partition): ${WHY}. Whether the fault was still in force after 0.9 s is unknown; by 1.4 s it was over`,
    ])
    expect(outcome.doubts ?? []).toEqual([])
    const [span] = faultSpans(historyFromEvents(events), undefined)
    expect(span).toMatchObject({ from: ms(500), to: ms(900), perhapsUntil: ms(1400) })
  })

  test('the last reads of a run are marked as final if the fault is known to have ended', () => {
    const { outcome, events } = runWith({ knownAgo: ms(600), overAgo: ms(100) })
    expect(events.filter(({ final }) => final === true).length).toBeGreaterThan(0)
    expect(outcome.convergedAfter).toBeDefined()
    expect(checked(events).levels.eventual).toMatchObject({ result: 'met' })
  })

  test('no read is marked as final if the fault may still be in force, and the reason is given', () => {
    const { outcome, events } = runWith({ knownAgo: ms(600) })
    expect(events.some(({ final }) => final === true)).toBe(false)
    expect(events.some(({ f }) => f === 'healed')).toBe(false)
    expect(outcome).toMatchObject({ convergedAfter: undefined, recovery: undefined })
    expect(outcome.doubts).toEqual([
      expect.stringMatching(/^fault-1 \(partition\) is not known to have been healed before the last reads/),
    ])
    const { levels } = checked(events)
    expect(levels.linearizable).toMatchObject({ result: 'met' })
    expect(levels.eventual).toMatchObject({ result: 'unknown' })
    expect(levels.convergent).toMatchObject({ result: 'unknown' })
  })

  test('reads are marked as final, without trouble, if contact with the fault injector was never lost', () => {
    const { outcome, events } = runWith(undefined)
    expect(outcome.trouble).toEqual([])
    expect(events.some(({ final }) => final === true)).toBe(true)
  })
})

describe('a phase in which a fault may be in force', () => {
  const writes = Array.from({ length: 10 }, (_, i) => [
    { time: ms(i * 10), process: 0, type: 'invoke' as const, f: 'write', value: i, node: 'n1' },
    { time: ms(i * 10 + 1), process: 0, type: 'ok' as const, f: 'write', value: i, node: 'n1' },
  ]).flat()
  const history = historyFromEvents(writes)
  const record = { id: 'fault-1', fault: cut, from: ms(20), to: ms(40), hits: 1 }
  const bounds = { nodes: ['n1', 'n2', 'n3'], healedAt: ms(80), endedAt: ms(100) }
  const countsOf = (until: number | undefined) =>
    summarizePhases(
      history,
      [{ ...record, inDoubt: { why: WHY, until: until === undefined ? undefined : ms(until) } }],
      bounds,
    ).map(({ phase, operations }) => [phase, operations])

  test('a phase in which a fault may be in force is named with a question mark, such as "partition?"', () => {
    expect(countsOf(60)).toEqual([
      ['calm', 4],
      ['partition', 2],
      ['partition?', 2],
      ['healed', 2],
    ])
  })

  test('a phase such as "partition?" replaces "healed" if the fault may last until the end of the run', () => {
    expect(countsOf(undefined)).toEqual([
      ['calm', 2],
      ['partition', 2],
      ['partition?', 6],
    ])
  })

  test('requirements on the phases of a run ignore the time in which a partition may still be in force', () => {
    const faults = [{ kind: 'partition', from: ms(20), to: ms(40), perhapsUntil: ms(60) }]
    const found = (text: string) =>
      judgeRequirements([parseRequirement(text, 'require')], { history, report: undefined, faults })[0]
    expect(found('operations during calm == 2')).toMatchObject({ met: true })
    expect(found('operations during partition == 2')).toMatchObject({ met: true })
    expect(found('operations during healed == 4')).toMatchObject({ met: true })
  })
})

test('a fault of uncertain duration is not reported as in force before its injection', () => {
  const { outcome } = runWith({ knownAgo: millisToNanos(millis(10_000)), overAgo: nanos(0) })
  // The fault began at 500 ms, so the time of uncertainty about the fault does not begin earlier.
  expect(outcome.faults[0]).toMatchObject({ from: ms(500), to: ms(500), inDoubt: { until: ms(1500) } })
})
