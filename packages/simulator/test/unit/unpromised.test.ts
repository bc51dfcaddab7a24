import { millis } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import {
  minimise,
  planTrial,
  type SearchedProtocol,
  searchSeeds,
  type TrialChoices,
  type TrialLimits,
  unpromisedOf,
  usualStrategies,
} from '../../src/index.ts'

const [raft, commitWait, generals, masterMaster] = ['raft', 'commit-wait', 'generals', 'master-master'].map(
  (name) => findProtocol(name)!,
) as [ProtocolDefinition, ProtocolDefinition, ProtocolDefinition, ProtocolDefinition]

const LEASES = { reads: 'lease', 'clock-drift': 1.25 }
const STRICT = { 'epsilon-ms': 40, 'skew-ms': 40 }
const LOOSE = { 'epsilon-ms': 40, 'skew-ms': 10 }

describe('the promise of a protocol', () => {
  test.each<[string, ProtocolDefinition, { [name: string]: ProtocolSettingValue }, TrialChoices]>([
    ['usual settings and faults', generals, {}, {}],
    ['faults that the protocol tolerates', raft, {}, { faults: ['kill', 'clock'] }],
    ['any clock error if nothing depends on clocks', raft, {}, { clocks: { driftPpm: 400_000 } }],
    ['clock drift within its bounds', raft, LEASES, { clocks: { driftPpm: 200_000 - 1 } }],
    ['clock jumps within its bounds', commitWait, LOOSE, { clocks: { jumpMs: millis(30) } }],
    ['clock faults without a given strength, which stay within its bounds', commitWait, LOOSE, { faults: ['clock'] }],
  ])('the promise of a protocol covers %s', (_, protocol, targetSettings, choices) => {
    expect(unpromisedOf(protocol, targetSettings, choices)).toBeUndefined()
  })

  test.each<
    [ProtocolDefinition, { [name: string]: ProtocolSettingValue }, TrialChoices, string, 'level' | 'strengths']
  >([
    [generals, {}, { faults: ['pause'] }, 'under pause', 'level'],
    [masterMaster, {}, { faults: ['clock'] }, 'if clocks are wrong', 'level'],
    [masterMaster, {}, { clocks: { jumpMs: millis(1) } }, 'if clocks are wrong', 'level'],
    [raft, LEASES, { clocks: { driftPpm: 400_000 } }, 'if clocks drift by more than 20%', 'level'],
    [commitWait, LOOSE, { clocks: { jumpMs: millis(31) } }, 'if clocks jump by more than 30 ms', 'level'],
    [commitWait, STRICT, { faults: ['clock'] }, 'if clocks are wrong, with these settings', 'strengths'],
  ])(
    'a protocol promises nothing if settings, clocks or faults exceed the conditions of its promise (%#)',
    (protocol, targetSettings, choices, where, lacks) => {
      expect(unpromisedOf(protocol, targetSettings, choices)).toEqual({
        what: `${protocol.name} promises nothing ${where}`,
        lacks,
      })
    },
  )
})

const subjectOf = (choices: TrialChoices): SearchedProtocol => ({
  target: generals.name,
  protocol: generals,
  bug: undefined,
  targetSettings: {},
  level: 'eventual',
  workload: register,
  settings: {},
  nodes: undefined,
  operations: 20,
  choices,
})

describe("faults excluded from a protocol's promise", () => {
  const killsIn = (choices: TrialChoices): number =>
    Array.from({ length: 40 }, (_, seed) => planTrial(subjectOf(choices), usualStrategies[0]!, seed).schedule)
      .flat()
      .filter(({ plan }) => plan.kind === 'kill').length

  test("faults excluded from a protocol's promise are injected only if the user chose them", () => {
    expect(killsIn({})).toBe(0)
    expect(killsIn({ faults: ['kill'] })).toBeGreaterThan(40)
  })

  test('a search of generals with kills, which its promise excludes, finds a violation with at least 4 nodes', () => {
    const subject = subjectOf({ faults: ['kill'] })
    const limits: TrialLimits = {
      memoryBytes: 2 ** 28,
      now: () => millis(performance.now()),
      invariants: false,
    }
    const [finding] = searchSeeds(subject, {
      ...{ first: 1, count: 20, strategies: usualStrategies, limits },
      ...{ stopAtFirst: true, verifyDeterminism: false },
    }).findings
    expect(finding).toBeDefined()
    const smallest = minimise(subject, finding!, { limits, budgetMs: millis(1_000) })
    // One general is a traitor. If there are only three, the other two may disagree even without a fault.
    expect(smallest?.nodes).toBeGreaterThanOrEqual(4)
    expect(smallest?.faults.length).toBeGreaterThan(0)
  })
})
