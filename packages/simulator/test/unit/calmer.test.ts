import { millis, nanos } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { describe, expect, test } from 'vitest'
import { type PlannedDelay, parsePlannedDelay, printPlannedDelay } from '../../src/replay/delays.ts'
import { calmer } from '../../src/shrink/calmer.ts'

const SCENARIO: Scenario = {
  ...{ target: 'x', workload: 'register', settings: {}, bug: undefined, targetSettings: {}, nodes: 1, seed: 1 },
  ...{ timeoutMs: millis(1_000), operations: [], faults: [] },
}
const drawn: readonly PlannedDelay[] = Array.from({ length: 40 }, (_, packet) => ({
  ...{ connection: 'n1>redis 1', from: 'redis', packet, takes: nanos((1 + packet / 10) * 1e6) },
}))
/** The scenario fails if packet 30 takes more than 2.4 ms. Packets without a planned delay take the usual time. */
const fails = ({ delays = drawn }: Scenario): boolean =>
  delays.some(({ packet, takes }) => packet === 30 && takes > 2.4e6)
const options = { fails, delaysIn: () => drawn, expired: () => false }

describe('unusual message delays', () => {
  test('unusual message delays are reduced to the necessary delays, each with its shortest duration', () => {
    const [only, ...others] = calmer(SCENARIO, options).delays ?? []
    expect(others).toEqual([])
    expect(only).toMatchObject({ packet: 30, takes: 4e6 })
    expect((only?.least ?? 0) / 1e6).toBeCloseTo(2.4, 1)
  })

  test('unusual message delays are removed if the scenario fails with the usual delays', () => {
    expect(calmer(SCENARIO, { ...options, fails: () => true }).delays).toEqual([])
  })

  test('shrinking keeps all message delays if a rerun with these delays passes, or if shrinking runs out of time', () => {
    expect(calmer(SCENARIO, { ...options, fails: () => false })).toBe(SCENARIO)
    expect(calmer(SCENARIO, { ...options, expired: () => true }).delays).toEqual(drawn)
  })

  test('a message delay has no minimum if the scenario fails even with the usual delay of that message', () => {
    const needed = ({ delays = drawn }: Scenario): boolean => delays.some(({ packet }) => packet === 30)
    expect(calmer(SCENARIO, { ...options, fails: needed }).delays?.map(({ least }) => least)).toEqual([undefined])
  })

  test('unusual message delays are read back from a file unchanged', () => {
    const [delay] = calmer(SCENARIO, options).delays ?? []
    expect(delay && parsePlannedDelay(JSON.parse(JSON.stringify(printPlannedDelay(delay))), 'f')).toEqual(delay)
    expect(() => parsePlannedDelay({ connection: 'n1>n2 1' }, 'replay.json: delays[0]')).toThrow(
      /replay.json: delays\[0\]/,
    )
  })
})
