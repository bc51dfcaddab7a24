import { createRandom, nemeses, nodeNames, planSchedule, type Schedule } from '@chaosproxy/faults'
import { type Event, millis, millisToNanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Cluster, RunOptions, RunOutcome } from '@chaosproxy/runner'
import { findWorkload, register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { createSimulatedCluster } from '../../../simulator/src/cluster.ts'
import { simulateRun } from '../../../simulator/test/simulate-run.ts'
import { startRun } from '../start-run.ts'

// These tests do not depend on how a cluster is implemented, so they use the simulator.

const LIMITS = { events: 5_000_000, durationMs: millis(120_000) }

const raft = (seed: number) =>
  createSimulatedCluster({ machine: findProtocol('raft')!.create({ settings: {} }), nodes: 3, seed })

const scheduleFor = (names: readonly string[], seed: number): Schedule =>
  planSchedule({
    nemeses: nemeses.filter(({ name }) => names.includes(name)),
    nodes: nodeNames(3),
    durationMs: millis(3000),
    random: createRandom(seed),
  })

function options(seed: number, events: Event[], schedule: Schedule): Omit<RunOptions, 'cluster'> {
  return {
    workload: register,
    settings: { keys: 2 },
    schedule,
    sink: { append: (event) => events.push(event) },
    clients: 4,
    rate: 200,
    timeMs: millis(3000),
    timeoutMs: millis(100),
    quietMs: millis(5000),
    seed,
  }
}

function simulated(seed: number, faults: readonly string[]): { events: Event[]; outcome: RunOutcome } {
  const events: Event[] = []
  const run = simulateRun(raft(seed), options(seed, events, scheduleFor(faults, seed)))
  if (run.type !== 'ended') throw new Error(`seed ${seed}: ${run.reason}`)
  return { events, outcome: run.outcome }
}

const clientEvents = (events: readonly Event[]) => events.filter((event) => event.process !== 'nemesis')

describe('a simulated run', () => {
  const { events, outcome } = simulated(11, ['partition', 'kill', 'pause'])

  test('a simulated run numbers its events from 0, with times that never decrease', () => {
    expect(events.map((event) => event.index)).toEqual(events.map((_, i) => i))
    expect(events.every((event, i) => i === 0 || event.time >= events[i - 1]!.time)).toBe(true)
  })

  test('a simulated run completes every operation exactly once, one at a time for each process', () => {
    const open = new Set<number | string>()
    for (const { process, type } of clientEvents(events)) {
      expect(open.has(process)).toBe(type !== 'invoke')
      if (type === 'invoke') open.add(process)
      else open.delete(process)
    }
    expect(open.size).toBe(0)
  })

  test('a simulated run retires a process after an operation of unknown outcome', () => {
    const retired = new Set<number | string>()
    for (const { process, type } of clientEvents(events)) {
      expect(retired.has(process)).toBe(false)
      if (type === 'info') retired.add(process)
    }
    expect(retired.size).toBeGreaterThan(0)
  })

  test('a simulated run never writes a value twice', () => {
    const written = events
      .filter(({ type, f }) => type === 'invoke' && f !== 'read')
      .map(({ f, value }) => (f === 'cas' ? (value as readonly number[])[1] : value))
    expect(new Set(written).size).toBe(written.length)
  })

  test('a simulated run records the start and the heal of each fault', () => {
    const nemesis = events.filter((event) => event.process === 'nemesis')
    const begun = nemesis.filter(({ f }) => ['partition', 'kill', 'pause'].includes(f))
    const healed = nemesis.filter(({ f }) => f === 'heal')
    expect(begun.length).toBe(outcome.faults.filter((fault) => fault.hits > 0 || fault.to > fault.from).length)
    expect(healed.length).toBe(begun.length)
    for (const fault of outcome.faults) expect(fault.to).toBeGreaterThanOrEqual(fault.from)
  })

  test('a simulated run reads every key from every node once more after the last heal', () => {
    const finals = events.filter((event) => event.final === true)
    const asked = finals.map(({ node, key }) => `${node} ${key}`).sort()
    expect(asked).toEqual(['n1 x', 'n1 y', 'n2 x', 'n2 y', 'n3 x', 'n3 y'])
    const lastHeal = events.findLastIndex(({ f }) => f === 'heal')
    expect(events.indexOf(finals[0]!)).toBeGreaterThan(lastHeal)
    expect(outcome.convergedAfter).toBeDefined()
  })

  test('a simulated run ends only after every fault has ended', () => {
    for (const fault of outcome.faults) expect(fault.to).toBeLessThanOrEqual(outcome.healedAt)
  })
})

describe('a simulated run with requested faults', () => {
  const all = nodeNames(3)
  const fault = (id: string, fromMs: number, toMs: number, plan: Schedule[number]['plan']): Schedule[number] => ({
    ...{ id, plan },
    from: millisToNanos(millis(fromMs)),
    to: millisToNanos(millis(toMs)),
  })
  // During `fault-2`, `fault-1` keeps all nodes killed, so `fault-2` finds no node to pause.
  const drowned = [
    fault('fault-1', 500, 2900, { kind: 'kill', nodes: all }),
    fault('fault-2', 1000, 1500, { kind: 'pause', nodes: 'one' }),
  ]
  function insisting(schedule: Schedule, insistOn: RunOptions['insistOn'], cluster = raft(5)) {
    const events: Event[] = []
    const run = simulateRun(cluster, { ...options(5, events, schedule), insistOn })
    if (run.type !== 'ended') throw new Error(run.reason)
    return { events, records: run.outcome.faults.map(({ id, hits }) => ({ id, hits })), outcome: run.outcome }
  }

  test('after its schedule, a simulated run repeats requested faults without effect, and clients continue', () => {
    const { events, records, outcome } = insisting(drowned, ['kill', 'pause'])
    expect(records).toEqual([
      { id: 'fault-1', hits: 3 },
      { id: 'fault-2', hits: 0 },
      { id: 'fault-2-again-1', hits: 1 },
    ])
    const { from, to } = outcome.faults[2]!
    expect(from).toBeGreaterThanOrEqual(3e9)
    expect(to - from).toBeGreaterThanOrEqual(1e9)
    expect(clientEvents(events).some(({ type, time }) => type === 'ok' && time > from && time < to)).toBe(true)
  })

  test('a simulated run waits for the end of a fault in force, and repeats no fault that took effect', () => {
    const late = [drowned[0]!, fault('fault-2', 2950, 4000, { kind: 'pause', nodes: ['n1'] })]
    expect(insisting(late, ['kill', 'pause']).records.map(({ id }) => id)).toEqual(['fault-1', 'fault-2'])
  })

  test('a simulated run repeats a requested fault at most three times if it has no effect', () => {
    const nobody = [fault('fault-1', 500, 1000, { kind: 'pause', nodes: [] })]
    expect(insisting(nobody, ['pause']).records.map(({ id }) => id)).toEqual([
      'fault-1',
      'fault-1-again-1',
      'fault-1-again-2',
      'fault-1-again-3',
    ])
  })

  test('a simulated run does not repeat a fault that cannot hit anything', () => {
    const nobody = [fault('fault-1', 500, 1000, { kind: 'pause', nodes: [] })]
    const cluster = { ...raft(5), mayBite: () => false }
    expect(insisting(nobody, ['pause'], cluster).records.map(({ id }) => id)).toEqual(['fault-1'])
  })

  test('a simulated run repeats only faults that were requested and scheduled', () => {
    expect(insisting(drowned, ['kill', 'clock']).records.map(({ id }) => id)).toEqual(['fault-1', 'fault-2'])
  })
})

test('replicas of a set agree regardless of the order of their elements', () => {
  const events: Event[] = []
  const machine = findProtocol('master-master')!.create({ settings: {}, object: 'set' })
  const cluster = createSimulatedCluster({ machine, nodes: 3, seed: 3 })
  const run = simulateRun(cluster, { ...options(3, events, []), workload: findWorkload('set')! })
  expect(run).toMatchObject({ type: 'ended', outcome: { convergedAfter: expect.any(Number) } })
})

test('the final drain of a queue is repeated until it succeeds', () => {
  const events: Event[] = []
  const machine = findProtocol('raft')!.create({ settings: {}, object: 'queue' })
  const cluster = createSimulatedCluster({ machine, nodes: 3, seed: 3 })
  const schedule = scheduleFor(['kill', 'partition'], 3)
  const run = simulateRun(cluster, { ...options(3, events, schedule), workload: findWorkload('queue')! })
  expect(run).toMatchObject({ type: 'ended' })
  const drains = events.filter(({ f, type }) => f === 'drain' && type === 'ok')
  expect(drains.map(({ node, key }) => `${node} ${key}`).sort()).toEqual([
    'n1 x',
    'n1 y',
    'n2 x',
    'n2 y',
    'n3 x',
    'n3 y',
  ])
})

test('runs with the same seed have equal histories, and runs with different seeds have different histories', () => {
  const bytes = (seed: number) => JSON.stringify(simulated(seed, ['partition', 'kill', 'pause', 'loss']).events)
  expect(bytes(5)).toBe(bytes(5))
  expect(bytes(5)).not.toBe(bytes(6))
})

test('removing a fault from the schedule does not change the remaining faults', () => {
  const full = scheduleFor(['partition', 'kill'], 3)
  const run = (schedule: Schedule) => {
    const events: Event[] = []
    const result = simulateRun(raft(3), options(3, events, schedule))
    if (result.type !== 'ended') throw new Error(result.reason)
    return result.outcome.faults
  }
  const [first] = run(full)
  expect(run(full.slice(0, 1))[0]).toMatchObject({ id: first!.id, fault: first!.fault })
})

test('an interrupted run is healed, read once more, and marked as interrupted', () => {
  const events: Event[] = []
  const cluster = raft(8)
  let outcome: RunOutcome | undefined
  const schedule = scheduleFor(['partition'], 8)
  const handle = startRun({ ...options(8, events, schedule), cluster }, (ended) => {
    outcome = ended
  })
  cluster.run(() => handle.progress().activeFaults.length > 0, LIMITS)
  handle.interrupt()
  cluster.run(() => outcome !== undefined, LIMITS)
  expect(outcome).toMatchObject({ interrupted: true })
  expect(outcome!.endedAt).toBeLessThan(3e9)
  expect(events.filter((event) => event.final === true).length).toBe(6)
  expect(handle.progress()).toMatchObject({ stage: 'ended', activeFaults: [] })
})

test('a fault that cannot be injected is reported, and the run continues', () => {
  const events: Event[] = []
  const simulation = raft(2)
  const cluster: Cluster = {
    ...simulation,
    inject: (_fault, injected) => {
      simulation.clock.at(simulation.clock.now(), () => injected({ type: 'failed', error: 'no disk' }))
    },
  }
  let outcome: RunOutcome | undefined
  startRun({ ...options(2, events, scheduleFor(['kill'], 2)), cluster }, (ended) => {
    outcome = ended
  })
  simulation.run(() => outcome !== undefined, LIMITS)
  expect(outcome!.trouble).toEqual([
    expect.stringMatching(/^fault-1 \(kill\) could not be injected: no disk(?:, and \d+ other faults? likewise)?$/),
  ])
  expect(outcome!.faults).toEqual([])
})
