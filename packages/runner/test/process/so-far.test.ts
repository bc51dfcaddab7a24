import { check } from '@chaosproxy/checker'
import { createRandom, nemeses, nodeNames, planSchedule } from '@chaosproxy/faults'
import { type Event, historyFromEvents, millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Progress, RunOptions, RunOutcome } from '@chaosproxy/runner'
import { findWorkload, register, settingsFor, type Workload } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { createSimulatedCluster } from '../../../simulator/src/cluster.ts'
import { startRun } from '../start-run.ts'

const LIMITS = { events: 5_000_000, durationMs: millis(120_000) }
// With this seed there is a stale read within three seconds. Not every seed has one.
const seed = 1

/** Collects the changes of the verdict so far, and the event at which each one occurred. */
function watched(protocol: string, workload: Workload, more: Partial<RunOptions> = {}) {
  const events: Event[] = []
  const cluster = createSimulatedCluster({
    machine: findProtocol(protocol)!.create({ settings: {}, object: workload.object }),
    nodes: 3,
    seed,
  })
  const schedule = planSchedule({
    nemeses: nemeses.filter(({ name }) => name === 'partition' || name === 'kill'),
    nodes: nodeNames(3),
    durationMs: millis(3_000),
    random: createRandom(seed),
  })
  const seen: { readonly soFar: Progress['soFar']; readonly events: number }[] = []
  let outcome: RunOutcome | undefined
  const handle = startRun(
    {
      cluster,
      workload,
      settings: settingsFor(workload, { keys: 2 }),
      schedule,
      sink: {
        append(event) {
          // The run has not judged this event yet, so the verdict covers only the earlier events.
          if (events.length > 0) seen.push({ soFar: handle.progress().soFar, events: events.length })
          events.push(event)
        },
      },
      clients: 6,
      rate: 300,
      timeMs: millis(3_000),
      timeoutMs: millis(100),
      quietMs: millis(5_000),
      seed,
      ...more,
    },
    (ended) => {
      outcome = ended
    },
  )
  cluster.run(() => outcome !== undefined, LIMITS)
  seen.push({ soFar: handle.progress().soFar, events: events.length })
  return { events, seen, outcome }
}

const judged = (events: readonly Event[], { model, initial }: Workload = register): string =>
  check(historyFromEvents(events), {
    model,
    initial,
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(20_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  }).levels.linearizable.result

test(`the interim verdict on a linearizable system stays "linearizable" after the first read (seed ${seed})`, () => {
  const { events, seen } = watched('raft', register)
  // Before the first read, the verdict is not certain.
  const first = seen.findIndex(({ soFar }) => soFar === 'linearizable')
  expect(first).toBeLessThan(100)
  expect(new Set(seen.slice(first).map(({ soFar }) => soFar))).toEqual(new Set(['linearizable']))
  expect(judged(events)).toBe('met')
})

test(`the interim verdict turns to "not linearizable" at the event that proves a stale read, and stays (seed ${seed})`, () => {
  const { events, seen } = watched('primary-replica', register)
  const first = seen.find(({ soFar }) => soFar === 'not linearizable')
  expect(first).toBeDefined()
  expect(seen.slice(seen.indexOf(first!)).every(({ soFar }) => soFar === 'not linearizable')).toBe(true)
  expect(judged(events.slice(0, first!.events))).toBe('violated')
  expect(judged(events.slice(0, first!.events - 1))).toBe('met')
})

test(`a counter run stops soon after its violation, and names the event that proves it (seed ${seed})`, () => {
  const noticed: number[] = []
  const counter = findWorkload('counter')!
  const { events, outcome } = watched('primary-replica', counter, {
    stopOnViolation: true,
    violated: ({ noticedAfter }) => void noticed.push(noticedAfter),
  })
  const { position = 0, noticedAfter } = outcome?.violation ?? {}
  expect(noticed).toEqual([noticedAfter])
  expect(outcome?.interrupted).toBe(false)
  // If it had not been stopped, the run would have 1,800 events: two for each of 300 operations per second, for three
  // seconds.
  expect(events.length).toBeLessThan(1_500)
  expect(judged(events.slice(0, position + 1), counter)).toBe('violated')
  expect(judged(events.slice(0, position), counter)).toBe('met')
})
