import { createRandom, linksBetween, nodeNames } from '@chaosproxy/faults'
import { millis, millisToNanos, nanos } from '@chaosproxy/history'
import type { PlannedFault, PlannedOperation, Scenario } from '@chaosproxy/runner'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shrink } from '../../src/shrink/shrink.ts'
import { thinned } from '../../src/shrink/thinned.ts'

const ms = (time: number) => millisToNanos(millis(time))
const kill = (fromMs: number, toMs: number, ...nodes: string[]): PlannedFault => ({
  from: ms(fromMs),
  to: ms(toMs),
  fault: { kind: 'kill', nodes },
})
const write = (atMs: number, value: number, client = 0): PlannedOperation => ({
  at: ms(atMs),
  client,
  node: 'n1',
  input: { f: 'write', key: 'x', value },
})

const large: Scenario = {
  target: 'raft',
  workload: 'register',
  settings: {},
  bug: undefined,
  targetSettings: {},
  nodes: 5,
  seed: 1,
  timeoutMs: millis(600),
  operations: Array.from({ length: 60 }, (_, i) => write(10 * i, i, i % 4)),
  faults: Array.from({ length: 12 }, (_, i) => kill(50 * i, 50 * i + 400, 'n1', `n${2 + (i % 4)}`)),
}

const valuesOf = ({ operations }: Scenario) => operations.map(({ input }) => (input.f === 'write' ? input.value : null))
const never = () => false

describe('shrinking', () => {
  test('shrinking keeps exactly the operations and faults that the failure needs', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(59), { maxLength: 5 }), fc.option(fc.nat(11)), (needed, fault) => {
        const wanted = fault === null ? [] : [large.faults[fault]?.from]
        const { operations, faults } = shrink(large, {
          fails: (scenario) =>
            needed.every((value) => valuesOf(scenario).includes(value)) &&
            wanted.every((from) => scenario.faults.some((planned) => planned.from === from)),
          expired: never,
        })
        expect(operations.map(({ input }) => input.value)).toEqual([...needed].sort((one, other) => one - other))
        expect(faults).toHaveLength(wanted.length)
      }),
      { numRuns: 10 },
    )
  })

  test('shrinking removes nodes, and shortens faults and their lists of nodes', () => {
    const { nodes, faults } = shrink(large, {
      fails: (scenario) => scenario.faults.some(({ fault }) => 'nodes' in fault && fault.nodes.includes('n1')),
      expired: never,
    })
    expect(nodes).toBe(3)
    expect(faults).toMatchObject([{ fault: { kind: 'kill', nodes: ['n1'] } }])
    expect((faults[0]?.to ?? 0) - (faults[0]?.from ?? 0)).toBeLessThan(ms(2))
  })

  test('shrinking merges two faults of one kind if the scenario with the longer fault still fails', () => {
    const covered = ({ faults }: Scenario, time: number) => faults.some(({ from, to }) => from <= time && time < to)
    const { faults } = shrink(
      { ...large, faults: [kill(0, 100, 'n1'), kill(100, 200, 'n1')] },
      { fails: (scenario) => covered(scenario, ms(30)) && covered(scenario, ms(150)), expired: never },
    )
    expect(faults).toHaveLength(1)
  })

  test('shrinking prefers a fault that hits every message to a fault that hits some messages', () => {
    const links = linksBetween([['n1'], ['n2']])
    const fault = { kind: 'drop-message', links, when: { probability: 0.1 } } as const
    const { faults } = shrink(
      { ...large, faults: [{ from: nanos(0), to: ms(100), fault }] },
      { fails: (scenario) => scenario.faults.length === 1, expired: never },
    )
    expect(faults).toMatchObject([{ fault: { kind: 'drop-message' } }])
    expect(faults[0]?.fault).not.toHaveProperty('when')
  })

  test('shrinking removes settings that the failure does not need, unless the user chose them', () => {
    const turned = { ...large, targetSettings: { given: 1, needed: 2, idle: 3 } }
    const fails = ({ targetSettings }: Scenario) => targetSettings['needed'] === 2
    expect(shrink(turned, { fails, expired: never, turned: { given: 1 } }).targetSettings).toEqual({
      given: 1,
      needed: 2,
    })
    expect(shrink(turned, { fails: () => true, expired: never }).targetSettings).toEqual({})
  })

  test('shrinking tries a removal again with another seed', () => {
    const { operations, seed } = shrink(large, {
      fails: (scenario) => scenario.operations.length === 60 || (scenario.seed === 2 && scenario.operations.length > 0),
      expired: never,
    })
    expect({ operations: operations.length, seed }).toEqual({ operations: 1, seed: 2 })
  })

  test('shrinking returns the smallest scenario found so far when time runs out', () => {
    let trials = 0
    const { operations } = shrink(large, {
      fails: (scenario) => ++trials > 0 && scenario.operations.length > 0,
      expired: () => trials >= 10,
    })
    expect(operations.length).toBeLessThan(60)
    expect(trials).toBe(10)
  })
})

describe('a random part of a scenario', () => {
  const names = nodeNames(5)

  test('a random part of a scenario is ordered by time, and names only existing nodes', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { operations, faults, nodes } = thinned(large, createRandom(seed))
        expect(nodes).toBe(5)
        const values = operations.map(({ input }) => input.value)
        expect(new Set(values).size).toBe(values.length)
        expect(operations.length).toBeLessThanOrEqual(60)
        expect(faults.length).toBeLessThanOrEqual(12)
        const times = operations.map(({ at }) => at)
        expect(times).toEqual(times.toSorted((one, other) => one - other))
        const begins = faults.map(({ from }) => from)
        expect(begins).toEqual(begins.toSorted((one, other) => one - other))
        expect(Math.min(0, ...times, ...begins, ...faults.map(({ from, to }) => to - from))).toBe(0)
        const named = faults.flatMap(({ fault }) => ('nodes' in fault ? fault.nodes : []))
        expect(names).toEqual(expect.arrayContaining([...operations.map(({ node }) => node), ...named]))
      }),
    )
  })

  test('a random part of a scenario may consist of a single operation and a single fault', () => {
    const parts = Array.from({ length: 500 }, (_, i) => thinned(large, createRandom(i)))
    expect(Math.min(...parts.map(({ operations }) => operations.length))).toBeLessThanOrEqual(1)
    expect(Math.min(...parts.map(({ faults }) => faults.length))).toBeLessThanOrEqual(1)
  })
})
