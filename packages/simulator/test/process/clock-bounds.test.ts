import { type Millis, millis, nanos } from '@chaosproxy/history'
import { findProtocol, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { type SearchedProtocol, searchSeeds, type TrialChoices, usualStrategies } from '../../src/index.ts'
import { keepsToClocks } from '../../src/search/clock-bounds.ts'
import { planTrial } from '../../src/search/plan.ts'

interface ClockedSubject {
  readonly protocol: ProtocolDefinition
  readonly targetSettings?: { readonly [name: string]: ProtocolSettingValue }
  readonly clocks?: { readonly driftPpm?: number; readonly jumpMs?: Millis }
}

const subjectOf = ({ protocol, targetSettings = {}, clocks }: ClockedSubject): SearchedProtocol => ({
  target: protocol.name,
  protocol,
  bug: undefined,
  targetSettings,
  level: 'linearizable',
  workload: register,
  settings: {},
  nodes: 3,
  operations: 1,
  choices: { faults: ['clock'], clocks },
})

const SEEDS = 400

/** Returns the clock faults of many trials, trial by trial. */
const drawn = (asked: ClockedSubject) =>
  Array.from({ length: SEEDS }, (_, seed) =>
    planTrial(subjectOf(asked), usualStrategies[seed % usualStrategies.length]!, seed).schedule.flatMap(
      ({ plan, from, to }) => (plan.kind === 'clock' ? [{ ...plan, from, to }] : []),
    ),
  )

const most = (numbers: readonly number[]): number => Math.max(0, ...numbers.map(Math.abs))

function widest(asked: ClockedSubject): { driftPpm: number; jumpMs: number } {
  const faults = drawn(asked).flat()
  return {
    driftPpm: most(faults.map(({ driftPpm }) => driftPpm)),
    jumpMs: most(faults.map(({ offsetMs }) => offsetMs)),
  }
}

const raft = findProtocol('raft')!
const commitWait = findProtocol('commit-wait')!
const LEASES = { reads: 'lease' }

describe('clocks in a search', () => {
  test.each([
    [1.25, 200_000],
    [1.02, 19_608],
    [4, 500_000],
  ])('clocks in a search drift until one clock runs %f times as fast as another', (drift, boundPpm) => {
    const { driftPpm } = widest({ protocol: raft, targetSettings: { reads: 'lease', 'clock-drift': drift } })
    expect(driftPpm).toBeLessThanOrEqual(boundPpm)
    expect(driftPpm).toBeGreaterThan(0.95 * boundPpm)
    if (boundPpm < 500_000) expect(1 / (1 - driftPpm / 1e6)).toBeLessThanOrEqual(drift)
  })

  test('clocks in a search have one fault at a time if the protocol declares a clock bound', () => {
    for (const faults of drawn({ protocol: raft, targetSettings: LEASES }))
      for (const [i, { from }] of faults.entries())
        expect(from).toBeGreaterThanOrEqual(i === 0 ? 0 : (faults[i - 1]?.to ?? 0))
  })

  test.each([
    { that: 'reads by round', protocol: raft, targetSettings: { reads: 'read-index' } },
    { that: 'declares nothing', protocol: { ...raft, clocks: undefined }, targetSettings: LEASES },
  ])('clocks in a search drift by at most 5% if the protocol $that', ({ protocol, targetSettings }) => {
    const { driftPpm } = widest({ protocol, targetSettings })
    expect(driftPpm).toBeLessThanOrEqual(50_000)
    expect(driftPpm).toBeGreaterThan(45_000)
  })

  test("clocks in a search have the drift and jumps that the user chose, even beyond the protocol's bound", () => {
    const { driftPpm, jumpMs } = widest({
      protocol: raft,
      targetSettings: LEASES,
      clocks: { driftPpm: 300_000, jumpMs: millis(10) },
    })
    expect(driftPpm).toBeGreaterThan(200_000)
    expect(jumpMs).toBeLessThanOrEqual(10)
  })

  test('clocks in a search jump by at most epsilon minus skew in the protocol commit-wait', () => {
    expect(widest({ protocol: commitWait, targetSettings: { 'epsilon-ms': 40, 'skew-ms': 40 } })).toEqual({
      driftPpm: 0,
      jumpMs: 0,
    })
    const { driftPpm, jumpMs } = widest({ protocol: commitWait, targetSettings: { 'epsilon-ms': 40, 'skew-ms': 10 } })
    expect({ driftPpm, jumpMs }).toEqual({ driftPpm: 0, jumpMs: 30 })
  })
})

describe('a lease that tolerates a clock difference of 10%', () => {
  // The lease lasts for 227 ms by the holder's clock. It outlasts the followers' silence of 250 ms only if this clock
  // is more than 9% slow.
  const boundless: ProtocolDefinition = { ...raft, clocks: { drift: 1.25 } }
  const found = (choices: TrialChoices) =>
    searchSeeds(
      {
        ...subjectOf({ protocol: boundless, targetSettings: { ...LEASES, 'clock-drift': 1.1 } }),
        nodes: undefined,
        operations: 60,
        choices,
      },
      {
        first: 1,
        count: 90,
        strategies: usualStrategies,
        limits: {
          memoryBytes: 2 ** 28,
          now: () => millis(performance.now()),
          invariants: true,
        },
        stopAtFirst: true,
        verifyDeterminism: false,
      },
    ).findings.map(({ failure }) => failure.kind)

  test('a lease that tolerates a clock difference of 10% fails with the default clocks, which may differ by 25%', () => {
    expect(found({})).toEqual(['violation'])
  })

  test('a lease that tolerates a clock difference of 10% does not fail with clocks that drift by 5%', () => {
    expect(found({ clocks: { driftPpm: 50_000 } })).toEqual([])
  })
})

describe('a shrunk scenario', () => {
  const clock = (fromMs: number, toMs: number, driftPpm: number) => ({
    from: nanos(fromMs * 1e6),
    to: nanos(toMs * 1e6),
    fault: { kind: 'clock', nodes: ['n1'], offsetMs: millis(0), driftPpm } as const,
  })
  const { scenario } = planTrial(subjectOf({ protocol: raft }), usualStrategies[0]!, 1)
  const keeps = (...faults: ReturnType<typeof clock>[]) =>
    keepsToClocks(subjectOf({ protocol: raft }), { ...scenario, targetSettings: LEASES, faults })

  test('a shrunk scenario stays within the clock bounds of its search', () => {
    expect(keeps(clock(0, 10, 199_999), clock(10, 20, -199_999))).toBe(true)
    expect(keeps(clock(0, 10, 200_001))).toBe(false)
    expect(keeps(clock(0, 11, 100_000), clock(10, 20, 100_000))).toBe(false)
  })
})
