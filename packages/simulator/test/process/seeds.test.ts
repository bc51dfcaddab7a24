import type { Schedule } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { describe, expect, test } from 'vitest'
import type { SimulationOptions } from '../../src/cluster.ts'
import { findSeed, judge, simulateCase } from '../cases.ts'

const ALL_FAULTS = ['partition', 'ring', 'one-way', 'kill', 'pause', 'loss', 'delay', 'reset']
/** The test soak/search.test.ts runs more seeds. */
const SEEDS = 30

/** Throws at the step that breaks one of the protocol's invariants. */
function watchInvariants(protocol: string): NonNullable<SimulationOptions['observe']> {
  const watches = findProtocol(protocol)!.invariants!.map(({ name, watch }) => ({ name, watch: watch() }))
  return (node) => {
    const ofNode = watches.map(({ name, watch }) => ({ name, watch: watch(node) }))
    return (state, event, durable) => {
      for (const { name, watch } of ofNode) {
        const broken = watch(state, event, durable)
        if (broken !== undefined) throw new Error(`${name}: ${broken}`)
      }
    }
  }
}

describe('simulated protocols', () => {
  test(`Raft is linearizable and keeps its invariants under all faults on ${SEEDS} seeds`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options = { protocol: 'raft', seed, faults: ALL_FAULTS, rate: 200, timeMs: 1500 }
      const { levels } = judge(simulateCase({ ...options, simulation: { observe: watchInvariants('raft') } }))
      expect(levels.linearizable.result, `seed ${seed}`).toBe('met')
      expect(levels.eventual.result, `seed ${seed}`).toBe('met')
    }
  })

  test.each(['no-log-check', 'forget-vote'])('the invariants of Raft detect the bug %s', (bug) => {
    const power: Schedule = [2, 4, 6, 8].map((tenths) => ({
      id: `power-cut-${tenths}`,
      from: nanos(tenths * 2e8),
      to: nanos(tenths * 2e8 + 5e7),
      plan: { kind: 'kill', nodes: ['n1', 'n2', 'n3', 'n4', 'n5'] },
    }))
    const breaks = (seed: number): boolean => {
      const faults = bug === 'no-log-check' ? { faults: ['kill', 'pause', 'loss'] } : { schedule: power }
      try {
        simulateCase({ protocol: 'raft', bug, seed, ...faults, simulation: { observe: watchInvariants('raft') } })
        return false
      } catch (error) {
        return /leader completeness|election safety|state machine safety|log matching/.test(String(error))
      }
    }
    expect(Array.from({ length: 200 }, (_, seed) => seed).some(breaks)).toBe(true)
  })

  test('Raft is linearizable with one entry per message, with and without pre-vote', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const targetSettings = { 'pre-vote': seed % 2 === 0, batch: 1, pipeline: 1 }
      const options = { protocol: 'raft', seed, faults: ALL_FAULTS, nodes: seed % 3 === 0 ? 5 : 3, targetSettings }
      const events = simulateCase({
        ...options,
        rate: 200,
        timeMs: 1500,
        simulation: { observe: watchInvariants('raft') },
      })
      expect(judge(events).levels.linearizable.result, `seed ${seed}`).toBe('met')
    }
  })

  test.each([{ sync: 'all' }, { sync: 'majority' }])(
    'primary-replica with sync=$sync and reads at the primary is linearizable under all faults',
    ({ sync }) => {
      for (let seed = 1; seed <= 10; seed++) {
        const targetSettings = { sync, reads: 'primary' }
        const simulation = { observe: watchInvariants('primary-replica') }
        const options = { protocol: 'primary-replica', seed, faults: ALL_FAULTS, targetSettings, simulation }
        const { levels } = judge(simulateCase(options))
        expect(levels.linearizable.result, `seed ${seed}`).toBe('met')
      }
    },
  )

  test('primary-replica with default settings returns stale reads during partitions', () => {
    expect(findSeed({ protocol: 'primary-replica', faults: ['partition'] }, 'linearizable', 20)).toBeDefined()
  })

  test('primary-replica with default settings loses acknowledged writes on failover', () => {
    const options = { protocol: 'primary-replica', faults: ['isolate-leader'], keys: 30, rate: 150 }
    expect(findSeed(options, 'eventual', 60)).toBeDefined()
  })

  test('primary-replica without failover is eventually consistent under all faults', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const options = { protocol: 'primary-replica', seed, faults: ALL_FAULTS, targetSettings: { failover: false } }
      expect(judge(simulateCase(options)).levels.eventual.result, `seed ${seed}`).toBe('met')
    }
  })

  test('master-master is not linearizable during partitions, but converges after they heal', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const simulation = { observe: watchInvariants('master-master') }
      const { levels } = judge(simulateCase({ protocol: 'master-master', seed, faults: ['partition'], simulation }))
      expect(levels.linearizable.result, `seed ${seed}`).toBe('violated')
      expect(levels.eventual.result, `seed ${seed}`).toBe('met')
    }
  })
})
