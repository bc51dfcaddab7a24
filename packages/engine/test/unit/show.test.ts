import { type EventInput, historyFromEvents, type Json, millis, nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { type SearchedProtocol, searchSeeds, usualStrategies } from '@chaosproxy/simulator'
import { findWorkload, register } from '@chaosproxy/workloads'
import { describe, expect, test, vi } from 'vitest'
import { explain, showScenario } from '../../src/search/show.ts'
import { limitsFor, type PlayedScenario } from '../../src/worlds/play.ts'

test('a replayed finding has the same verdict and the same words on a slow machine', () => {
  const protocol = findProtocol('quorum')!
  const subject: SearchedProtocol = {
    target: 'quorum',
    protocol,
    bug: undefined,
    targetSettings: { r: 1, w: 1 },
    level: 'linearizable',
    nodes: 3,
    workload: register,
    settings: {},
    operations: 60,
  }
  const [finding] = searchSeeds(subject, {
    first: 1,
    count: 50,
    strategies: usualStrategies,
    limits: limitsFor(true),
    stopAtFirst: true,
    verifyDeterminism: false,
  }).findings
  const shown = showScenario(subject, finding!.scenario, true)
  expect(shown.failure?.kind).toBe('violation')
  // Every read of the clock finds that a minute has passed.
  let minutes = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => millis(60_000 * minutes++))
  try {
    expect(showScenario(subject, finding!.scenario, true)).toMatchObject({
      failure: shown.failure,
      sentence: shown.sentence,
      steps: shown.steps,
    })
  } finally {
    clock.mockRestore()
  }
})

test('explain shows the kill of an additional service in the column of that service', () => {
  const { columns, steps } = explain({
    ...{
      level: 'none',
      workload: register,
      history: historyFromEvents([]),
      events: [],
      records: [],
      trouble: [],
      log: [],
    },
    scenario: {
      ...{ nodes: 1, besides: ['pg'], operations: [] },
      faults: [{ fault: { kind: 'kill', nodes: ['pg'] }, from: nanos(0), to: nanos(0) }],
    },
    failure: undefined,
    ran: undefined,
  } as unknown as PlayedScenario)
  expect(columns).toEqual(['faults', 'clients', 'n1', 'pg'])
  expect(steps.map(({ where }) => where)).toEqual(['pg', 'pg'])
})

describe('the shown cause of a violation in a simulated program', () => {
  /**
   * p2 and p3 write the key order-5 concurrently. Then a read of the key `broken` returns a value that nobody wrote.
   */
  function shown(broken: 'order-5' | 'order-9', requests: readonly string[], others: readonly object[] = []) {
    const did = (process: number, f: string, key: string, value: Json, [from, to]: readonly [number, number]) =>
      [
        { process, type: 'invoke', f, key, value: f === 'read' ? null : value, time: nanos(from * 1e6) },
        { process, type: 'ok', f, key, value, time: nanos(to * 1e6) },
      ] satisfies EventInput[]
    const history = historyFromEvents(
      [
        ...did(0, 'write', 'order-9', 1, [0, 1]),
        ...did(2, 'write', 'order-5', 2, [2, 6]),
        ...did(3, 'write', 'order-5', 3, [3, 5]),
        ...did(1, 'read', broken, 7, [8, 9]),
      ].sort((one, other) => one.time - other.time),
    )
    const step = (request: string, at: number, type: 'at' | 'gone' | 'back', touched: object = {}) => ({
      ...{ request, type, at: nanos(at * 1e6), site: 1, within: 0, file: 'orders.ts', line: 1 },
      ...{ reads: [], writes: [], rests: [], ...touched },
    })
    const steps = [
      step('process-2-1', 2, 'at', { reads: ['rows'] }),
      step('process-2-1', 2, 'gone'),
      step('process-3-1', 4, 'at', { writes: ['rows'] }),
      step('process-2-1', 5, 'back'),
      step('process-2-1', 5, 'at', { writes: ['rows'], rests: ['rows'] }),
    ]
    const told = { cause: 'process-2-1 missed what process-3-1 wrote.', remedy: 'Lock it.', requests }
    const { race, history: explained } = explain({
      ...{ level: 'linearizable', workload: register, history, events: [], records: [], trouble: [], log: [] },
      scenario: { nodes: 1, operations: Array.from({ length: 4 }), faults: [] },
      failure: undefined,
      ran: { steps, sources: { 'orders.ts': [] }, database: { hosts: ['pg'], stories: [told, ...others] } },
    } as unknown as PlayedScenario)
    return { race: race?.by.request.process, told: explained.header?.extra?.['database'] }
  }

  test('the explanation of a violation includes a race that concerns the violated object', () => {
    expect(shown('order-5', ['process-2-1', 'process-3-1'])).toEqual({
      race: 'p3',
      told: { hosts: ['pg'], told: { cause: "p2's write missed what p3's write wrote.", remedy: 'Lock it.' } },
    })
  })

  test('the explanation of a violation leaves out a race that concerns another object', () => {
    expect(shown('order-9', ['process-2-1', 'process-3-1'])).toEqual({ race: undefined, told: { hosts: ['pg'] } })
  })

  test('the explanation of a violation includes the first database cause for the violated object', () => {
    const other = { cause: 'process-0-1 was done twice.', remedy: 'Keep its id.', requests: ['process-0-1'] }
    expect(shown('order-9', ['process-2-1', 'process-3-1'], [other]).told).toEqual({
      hosts: ['pg'],
      told: { cause: "p0's write was done twice.", remedy: 'Keep its id.' },
    })
  })

  test('the explanation of a violation leaves out a database cause that names no requests', () => {
    expect(shown('order-5', []).told).toEqual({ hosts: ['pg'] })
  })

  test('the explanation of a repeated id names the database cause of that id, and not of other ids', () => {
    const given = (process: number, value: number, [from, to]: readonly [number, number]) =>
      [
        { process, type: 'invoke', f: 'generate', key: 'x', value: null, time: nanos(from * 1e6) },
        { process, type: 'ok', f: 'generate', key: 'x', value, time: nanos(to * 1e6) },
      ] satisfies EventInput[]
    const history = historyFromEvents(
      [...given(0, 1, [0, 2]), ...given(1, 2, [1, 3]), ...given(2, 3, [4, 6]), ...given(3, 3, [5, 7])].sort(
        (one, other) => one.time - other.time,
      ),
    )
    const story = (...requests: readonly string[]) => ({ cause: requests.join(' and '), remedy: '', requests })
    const told = (...stories: readonly ReturnType<typeof story>[]) =>
      explain({
        ...{ level: 'linearizable', workload: findWorkload('unique-ids'), history, events: [], records: [] },
        ...{ trouble: [], log: [], scenario: { nodes: 1, operations: [], faults: [] }, failure: undefined },
        ran: { steps: [], sources: {}, database: { hosts: ['pg'], stories } },
      } as unknown as PlayedScenario).history.header?.extra?.['database']
    const elsewhere = story('process-0-1', 'process-1-1')
    expect(told(elsewhere)).toEqual({ hosts: ['pg'] })
    expect(told(elsewhere, story('process-2-1', 'process-3-1'))).toEqual({
      hosts: ['pg'],
      told: { cause: "p2's generate and p3's generate", remedy: '' },
    })
  })
})
