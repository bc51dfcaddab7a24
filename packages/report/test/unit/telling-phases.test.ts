import type { PhaseSummary } from '@chaosproxy/runner/result'
import { expect, test } from 'vitest'
import { worstPhases } from '../../src/html/sections.ts'

const phase = (name: string, availability: number, more: Partial<PhaseSummary> = {}): PhaseSummary => ({
  phase: name,
  majority: true,
  share: 0.1,
  operations: 100,
  availability,
  ...more,
})

const namesOf = (phases: readonly PhaseSummary[]): readonly string[] => worstPhases(phases).map((each) => each.phase)

test('a table of a few phases shows all phases in the order of the run', () => {
  expect(namesOf([phase('calm', 1), phase('kill', 0.5), phase('healed', 1)])).toEqual(['calm', 'kill', 'healed'])
})

test('a table of many phases shows only the phase "calm" and the worst phases, in the order of the run', () => {
  const phases = [
    phase('calm', 1),
    phase('clock', 1),
    phase('reset', 0.99),
    phase('kill+pause', 0.1),
    phase('kill', 0.4),
    phase('pause', 0.8),
    phase('latency', 0.9, { staleReads: 1 }),
    phase('clock+partition', 0.95, { violated: ['linearizable'] }),
    phase('partition', 0.97),
    phase('healed', 1),
  ]
  expect(namesOf(phases)).toEqual(['calm', 'kill', 'pause', 'latency', 'clock+partition', 'partition'])
})
