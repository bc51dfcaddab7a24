import { check, levelsOf } from '@chaosproxy/checker'
import { nemeses, parseSchedule } from '@chaosproxy/faults'
import { historyFromEvents, millis, millisToNanos, nanos } from '@chaosproxy/history'
import type { RunTelling } from '@chaosproxy/report'
import type { FaultRecord } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'
import {
  combineRuns,
  conditionFaults,
  type Measurement,
  measure,
  networkFaults,
  networks,
  parseSweep,
  requireSeveral,
} from '../../src/index.ts'

const at = (ms: number) => millisToNanos(millis(ms))

type Row = readonly [
  from: number,
  to: number,
  node: string,
  f: 'read' | 'write',
  value: number,
  type: 'ok' | 'fail' | 'info',
]

/** Each row is one operation by a separate process. */
function measured(rows: readonly Row[], faults: readonly FaultRecord[], healedMs = 10_000): Measurement {
  const events = rows
    .flatMap(([from, to, node, f, value, type], process) => [
      { time: at(from), process, type: 'invoke' as const, f, key: 'x', value: f === 'read' ? null : value, node },
      { time: at(to), process, type, f, key: 'x', value: type === 'ok' ? value : null },
    ])
    .sort((one, other) => one.time - other.time)
  const history = historyFromEvents(events)
  const now = () => millis(0)
  const report = check(history, {
    model: 'register',
    initial: null,
    levels: ['linearizable', 'sequential', 'eventual'],
    staleness: true,
    failedCas: 'drop',
    deadlineMs: millis(1_000),
    memoryBytes: 1e8,
    now,
  })
  const hasObserved = rows.some(([, , , f, , type]) => f === 'read' && type === 'ok')
  return measure({
    history,
    report,
    hasObserved,
    faults,
    healedAt: at(healedMs),
    timeoutNanos: at(1_000),
    timeNanos: at(healedMs),
  })
}

const cut = (fromMs: number, toMs: number, id = 'partition-1'): FaultRecord => ({
  id,
  fault: { kind: 'partition', mode: 'hold', links: [{ from: 'n1', to: 'n2' }] },
  from: at(fromMs),
  to: at(toMs),
  hits: 1,
})

describe('the measurement of a run', () => {
  const rows: readonly Row[] = [
    [0, 10, 'n1', 'write', 1, 'ok'],
    [2_000, 2_010, 'n2', 'write', 2, 'ok'],
    [2_100, 2_600, 'n1', 'write', 3, 'info'],
    [2_300, 2_305, 'n2', 'write', 4, 'ok'],
    [2_700, 2_710, 'n1', 'read', 4, 'fail'],
    [6_000, 6_040, 'n1', 'write', 5, 'ok'],
  ]

  test('the availability counts the operations called during the fault, and weights each node equally', () => {
    const { availability } = measured(rows, [cut(1_000, 3_000)])
    expect(availability).toBe((0 / 2 + 2 / 2) / 2)
  })

  test('the practical availability counts an operation as answered if another node could have answered in time', () => {
    // The write of 3 at n1 counts as answered, because n2 answered another write before the write of 3 timed out. The
    // read at n1 does not count, because no other node answered a read.
    expect(measured(rows, [cut(1_000, 3_000)]).practical).toBe((1 / 2 + 2 / 2) / 2)
  })

  test('availability is measured over the whole run if its only fault is a network condition ("network-1")', () => {
    expect(measured(rows, []).availability).toBe((2 / 4 + 2 / 2) / 2)
    expect(measured(rows, [cut(0, 10_000, 'network-1')]).availability).toBe((2 / 4 + 2 / 2) / 2)
  })

  test('the availability excludes nodes that were killed', () => {
    const killed: FaultRecord = {
      id: 'kill-1',
      fault: { kind: 'kill', nodes: ['n1'] },
      from: at(1_000),
      to: at(3_000),
      hits: 1,
    }
    expect(measured(rows, [killed]).availability).toBe(1)
  })

  test('the measurement of a run includes the longest time without an answered write, and the greatest staleness', () => {
    expect(measured(rows, [], 6_500).outageNanos).toBe(at(6_040) - at(2_305))
    const stale = measured([...rows, [7_000, 7_001, 'n2', 'read', 4, 'ok']], [])
    expect(stale.staleNanos).toBe(at(7_000) - at(6_040))
    expect(stale.met[0]).toBe('sequential')
  })
})

describe('the recovery time', () => {
  /**
   * One operation every 100 ms. `isAnswered` gets the time of a call, and decides whether the operation is answered.
   */
  const steady = (isAnswered: (ms: number) => boolean, untilMs = 9_000): readonly Row[] =>
    Array.from({ length: untilMs / 100 }, (_, i) => [
      i * 100,
      i * 100 + 10,
      'n1',
      'write',
      i,
      isAnswered(i * 100) ? 'ok' : 'info',
    ])

  test('the recovery time ends at the first lasting success after the heal, not at the first success', () => {
    const rows = steady((ms) => ms < 1_000 || ms === 3_200 || ms >= 4_000)
    const { recovery, outageNanos } = measured(rows, [cut(1_000, 3_000)])
    expect(recovery).toBe(at(4_010) - at(3_000))
    expect(outageNanos).toBe(at(3_210) - at(910))
  })

  test('rare failures, and failures that were as frequent before the fault, do not prolong the recovery time', () => {
    expect(
      measured(
        steady((ms) => ms < 1_000 || (ms >= 3_000 && ms !== 4_000), 20_000),
        [cut(1_000, 3_000)],
        20_000,
      ).recovery,
    ).toBe(at(10))
    expect(
      measured(
        steady((ms) => ms % 200 === 0),
        [cut(1_000, 3_000)],
      ).recovery,
    ).toBe(at(10))
  })

  test('the recovery time is "never" if the overload continues after the fault is healed', () => {
    expect(
      measured(
        steady((ms) => ms < 1_000 || ms % 500 === 0),
        [cut(1_000, 3_000)],
      ).recovery,
    ).toBe('never')
  })

  test('the recovery time is undefined for a run in which nothing failed', () => {
    expect(
      measured(
        steady(() => true),
        [],
      ).recovery,
    ).toBeUndefined()
    expect(
      measured(
        steady(() => true),
        [cut(0, 9_000, 'network-1')],
      ).recovery,
    ).toBeUndefined()
  })

  test('the recovery time of several runs is their median, and "never" counts as the longest', () => {
    const run = (recovery: number | 'never') => ({
      measurement: {
        ...measured(
          steady(() => true),
          [],
        ),
        recovery,
      },
      kept: true,
      again: '',
    })
    expect(combineRuns('kill', 'eventual', [run(5), run('never'), run(7)]).recovery).toBe(7)
    expect(combineRuns('kill', 'eventual', [run(5), run('never'), run('never')]).recovery).toBe('never')
  })
})

test('the goodput lists the replies per second over time', () => {
  const { goodput } = measured(
    [
      [0, 10, 'n1', 'write', 1, 'ok'],
      [20, 30, 'n1', 'write', 2, 'info'],
      [5_000, 5_010, 'n1', 'read', 1, 'ok'],
    ],
    [],
    12_000,
  )
  expect(goodput).toEqual(Array.from({ length: 24 }, (_, i) => (i === 0 || i === 10 ? 2 : 0)))
})

test('a cas that finds another value counts as an answered operation', () => {
  const events = [
    { time: at(0), process: 0, type: 'invoke' as const, f: 'cas', key: 'x', value: [1, 2], node: 'n1' },
    {
      ...{ time: at(5), process: 0, type: 'fail' as const, f: 'cas', key: 'x', value: [1, 2] },
      ...{ error: 'mismatch', answered: true },
    },
  ]
  const history = historyFromEvents(events)
  const options = { model: 'register', initial: null, levels: ['linearizable'], failedCas: 'drop' } as const
  const limits = { deadlineMs: millis(1_000), memoryBytes: 1e8, now: () => millis(0) }
  const report = check(history, { ...options, ...limits })
  const times = { healedAt: at(100), timeoutNanos: at(10), timeNanos: at(100) }
  expect(measure({ history, report, hasObserved: false, faults: [], ...times })).toMatchObject({
    availability: 1,
    p50: at(5),
  })
})

test('a run without a successful read has no met or violated level', () => {
  const written = [0, 10, 'n1', 'write', 1, 'ok'] as const
  expect(measured([written, [20, 30, 'n1', 'read', 1, 'ok']], []).met[0]).toBe('linearizable')
  expect(measured([written, [20, 30, 'n1', 'read', 1, 'fail']], [])).toMatchObject({ met: [], violated: [] })
})

test('a cell of the comparison table shows the weakest level of its runs and the losses of all runs', () => {
  const levels = ['linearizable', 'sequential', 'eventual']
  const measurement = (level: string, availability: number, lost: number): Measurement => ({
    ...{ levels, met: levels.includes(level) ? levels.slice(levels.indexOf(level)) : [] },
    ...{ violated: level === 'unknown' ? [] : levels.slice(0, level === 'none' ? 3 : levels.indexOf(level)) },
    ...{ availability, practical: 1, lost, p50: 5, p99: 9, readP50: 4, writeP50: 6 },
    ...{ staleNanos: undefined, staleShare: 0, outageNanos: 3, recovery: undefined, goodput: [4, 2] },
  })
  const run = (level: string, availability: number, lost: number, kept: boolean | 'unknown') => ({
    measurement: measurement(level, availability, lost),
    kept,
    again: level,
  })
  const cell = combineRuns('kill', 'sequential', [
    run('linearizable', 1, 2, true),
    run('eventual', 0.5, 0, false),
    run('sequential', 0.8, 1, true),
  ])
  expect(cell).toMatchObject({ level: 'eventual', weakest: 1, runs: 3, kept: false, lost: 3, again: 'eventual' })
  expect(cell).toMatchObject({ availability: { median: 0.8, least: 0.5, most: 1 }, available: 1 })
  expect(combineRuns('kill', 'sequential', [run('unknown', 1, 0, 'unknown'), run('none', 1, 0, true)])).toMatchObject({
    level: 'none',
    kept: 'unknown',
  })
})

test('a cell of the comparison table shows "causal" if its runs together violate every stronger level', () => {
  const levels = ['serializable', 'parallel-snapshot-isolation', 'prefix', 'causal']
  const run = (met: readonly string[]) => ({
    measurement: {
      ...measured([[0, 10, 'n1', 'write', 1, 'ok']], []),
      ...{ levels, met, violated: levels.filter((level) => !met.includes(level)), lost: undefined },
    },
    kept: undefined,
    again: '',
  })
  const cell = combineRuns('kill', 'nothing', [
    run(['parallel-snapshot-isolation', 'causal']),
    run(['prefix', 'causal']),
  ])
  expect(cell).toMatchObject({ level: 'causal', weakest: 1 })
  expect(cell.levels).toEqual({
    ...{ serializable: 'violated', 'parallel-snapshot-isolation': 'violated', prefix: 'violated', causal: 'met' },
  })
  expect(cell.lost).toBeUndefined()
})

test('a cell of the comparison table takes the proposed next step from the run with an undecided promise', () => {
  const measurement: Measurement = measured([[0, 10, 'n1', 'write', 1, 'ok']], [])
  const open = { measurement, kept: 'unknown' as const, again: 'open', toDecide: 'Run longer.' }
  const cell = combineRuns('kill', 'eventual', [{ measurement, kept: true, again: 'first' }, open])
  expect(cell).toMatchObject({ kept: 'unknown', toDecide: 'Run longer.', again: 'open' })
})

test('a cell of the comparison table reports a broken promise of a run with the command of that run', () => {
  const measurement: Measurement = measured([[0, 10, 'n1', 'write', 1, 'ok']], [])
  const broken: RunTelling = {
    ...{ outcome: 'violated', what: '3 elements were lost', sentence: 'The last read lacks 1.' },
    ...{ why: { text: '', certainty: 'unknown', settings: '' }, next: { text: 'Write to the disk.' } },
  }
  const sets = { measurement, kept: false, again: 'sets', broken }
  const cell = combineRuns('kill', 'eventual', [{ measurement, kept: true, again: 'registers', sets }])
  expect(cell).toMatchObject({ kept: false, broken, again: 'sets' })
})

test('a cell of the comparison table shows "none" for a bank if a run violated linearizable, its only level', () => {
  const balances = { a: 10, b: 0 }
  const pay = { from: 'a', to: 'b', amount: 10 }
  const history = historyFromEvents(
    [
      { f: 'transfer', value: { ...pay, id: 1 } },
      { f: 'transfer', value: { ...pay, id: 2 } },
    ].flatMap((operation, process) => [
      { time: at(process), process, type: 'invoke' as const, ...operation, node: 'n1' },
      { time: at(process + 1), process, type: 'ok' as const, ...operation },
    ]),
  )
  const limits = { deadlineMs: millis(1_000), memoryBytes: 1e8, now: () => millis(0) }
  const report = check(history, { model: 'bank', initial: balances, levels: levelsOf('bank', history), ...limits })
  const ends = { healedAt: at(10), timeoutNanos: at(1_000), timeNanos: at(10) }
  const measurement = measure({ history, report, hasObserved: true, faults: [], ...ends })
  expect(measurement).toMatchObject({ levels: ['linearizable'], violated: ['linearizable'] })
  const row = combineRuns('calm', 'nothing', [{ measurement, kept: undefined, again: '', sets: undefined }])
  expect(row.level).toBe('none')
})

test('the comparison table shows a level as met only if no run, with registers or with sets, violated it', () => {
  const measurement = (met: readonly string[], violated: readonly string[], lost: number): Measurement => ({
    ...measured([[0, 10, 'n1', 'write', 1, 'ok']], []),
    ...{ levels: ['linearizable', 'sequential', 'causal', 'eventual'], met, violated, lost },
  })
  const registers = measurement(['sequential', 'causal', 'eventual'], ['linearizable'], 0)
  const row = (sets: Measurement, kept: boolean) =>
    combineRuns('kill', 'eventual', [
      { measurement: registers, kept: true, again: '', sets: { measurement: sets, kept, again: '' } },
    ])
  expect(row(measurement(['eventual'], ['linearizable', 'sequential'], 0), true)).toMatchObject({
    level: 'causal',
    lost: 0,
    kept: true,
  })
  // The run with sets has no verdict on `causal` here. `causal` counts as violated, because the weaker level `eventual`
  // is violated.
  expect(row(measurement([], ['linearizable', 'sequential', 'eventual'], 3), false)).toMatchObject({
    level: 'none',
    lost: 3,
  })
  expect(row(measurement([], ['linearizable', 'sequential', 'causal', 'eventual'], 7), false)).toMatchObject({
    level: 'none',
    lost: 7,
    kept: false,
  })
})

test.each(nemeses)(
  'the condition $name places its faults in the middle half of a run, at times drawn from the seed',
  (nemesis) => {
    const options = { nodes: 5, timeMs: millis(8_000), seed: 3 }
    const faults = conditionFaults(nemesis, options)
    const schedule = parseSchedule(faults, 'test')
    expect(schedule.length).toBeGreaterThan(0)
    for (const { from, to } of schedule) {
      expect(from).toBeGreaterThanOrEqual(at(2_000))
      expect(to).toBeLessThanOrEqual(at(6_000))
    }
    expect(conditionFaults(nemesis, options)).toEqual(faults)
  },
)

test('the network "geo" delays messages between each pair of nodes, in both directions, for the whole run', () => {
  const schedule = parseSchedule(networkFaults('geo', 3, millis(5_000)), 'test')
  expect(schedule.map(({ plan }) => ('latencyMs' in plan ? plan.latencyMs : 0))).toEqual([31, 35, 66])
  expect(schedule.map(({ plan }) => ('links' in plan ? plan.links.length : 0))).toEqual([2, 2, 2])
  expect(schedule.every(({ from, to }) => from === nanos(0) && to === at(5_000))).toBe(true)
  expect(networkFaults('geo', 1, millis(5_000))).toEqual([])
})

test.each(networks)(
  'the network condition $name lasts for the whole run, and injects no fault at a single node',
  (network) => {
    const schedule = parseSchedule(networkFaults(network.name, 3, millis(5_000)), 'test')
    expect(schedule.every(({ from, to }) => from === nanos(0) && to === at(5_000))).toBe(true)
    if (network.name !== 'local')
      expect(schedule.reduce((sum, { plan }) => sum + ('links' in plan ? plan.links.length : 0), 0)).toBe(6)
    expect(networkFaults(network.name, 1, millis(5_000))).toEqual([])
  },
)

test('a message between California and the Netherlands takes 75 ms in either direction', () => {
  const [fault] = parseSchedule(networkFaults('california-netherlands', 2, millis(5_000)), 'test')
  expect(fault?.plan).toMatchObject({ kind: 'latency', latencyMs: 75 })
})

test('the condition "partition" cuts the same links for every seed, with two of five nodes on the smaller side', () => {
  const partition = nemeses.find(({ name }) => name === 'partition')!
  const linksWith = (seed: number, nodes: number) =>
    parseSchedule(conditionFaults(partition, { nodes, timeMs: millis(8_000), seed }), 'test').map(({ plan }) =>
      'links' in plan ? plan.links : [],
    )
  expect(linksWith(1, 5)).toEqual(linksWith(2, 5))
  expect(linksWith(1, 5).flat()).toHaveLength(12)
  expect(linksWith(1, 2).flat()).toHaveLength(2)
})

describe('a sweep', () => {
  const settingsOf = (typed: string) => parseSweep(typed).points.map(({ settings }) => Object.fromEntries(settings))

  test('a sweep takes its values from a range of numbers or from a list', () => {
    expect(settingsOf('sync=0..4')).toEqual([0, 1, 2, 3, 4].map((sync) => ({ sync })))
    expect(settingsOf('reads=primary,replica')).toEqual([{ reads: 'primary' }, { reads: 'replica' }])
    expect(settingsOf('failover=true,false')).toEqual([{ failover: true }, { failover: false }])
  })

  test('a sweep changes several settings together in equal steps', () => {
    const { subject, points } = parseSweep('quorum=R1W3..R3W1')
    expect(subject).toBe('quorum')
    expect(points.map(({ label }) => label)).toEqual(['r=1 w=3', 'r=2 w=2', 'r=3 w=1'])
    expect(settingsOf('quorum=R1W3,R2W2')).toEqual([
      { r: 1, w: 3 },
      { r: 2, w: 2 },
    ])
    expect(settingsOf('n=R1W3..R4W3')).toEqual([1, 2, 3, 4].map((r) => ({ r, w: 3 })))
  })

  test.each([
    ...['sync', 'sync=', '=1..2', 'sync=4..0', 'sync=0..99', 'a=b=c', 'sync=0..9999999999999'],
    ...['quorum=R1W3..R3W2', 'quorum=R1W3..W3R1', 'quorum=R1W3..R3', 'quorum=R1W1..R40W1'],
  ])('a sweep is refused if it is malformed: %s', (wrong) => {
    expect(() => parseSweep(wrong)).toThrow(/--sweep .*Write --sweep sync=0\.\.4/)
  })

  test.each(['sync=3', 'quorum=R1W1..R1W1'])('a sweep is refused if it has only one value: %s', (wrong) => {
    expect(() => requireSeveral(parseSweep(wrong))).toThrow(/this is only one value\. Write --sweep sync=0\.\.4/)
  })
})
