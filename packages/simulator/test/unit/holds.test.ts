import { createRandom, nodeNames } from '@chaosproxy/faults'
import { millis, nanos } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import { describe, expect, test } from 'vitest'
import type { PlannedHold } from '../../src/replay/holds.ts'
import { parseReplay, printReplay } from '../../src/replay/replay-file.ts'
import { strategies, strategiesNamed } from '../../src/search/strategy.ts'
import { shrink } from '../../src/shrink/shrink.ts'
import { sturdier } from '../../src/shrink/sturdier.ts'

const holdAt = (at: string, fromMs: number): PlannedHold => ({
  ...{ at, from: nanos(fromMs * 1e6), until: at, times: 1, most: nanos(40e6) },
})
const operationAt = (atMs: number): Scenario['operations'][number] => ({
  ...{ at: nanos(atMs * 1e6), client: 0, node: 'n1', input: { f: 'read', key: 'x', value: null } },
})
const SCENARIO: Scenario = {
  ...{ target: 'x', workload: 'register', settings: {}, bug: undefined, targetSettings: {}, nodes: 1, seed: 1 },
  ...{ timeoutMs: millis(1_000), operations: [operationAt(20), operationAt(30)], faults: [] },
  holds: [holdAt('server.ts:7', 21), holdAt('server.ts:31#2', 33)],
}

describe('requests held at awaits', () => {
  test('requests held at awaits are read back from replay files unchanged', () => {
    const replay = { scenario: SCENARIO, found: undefined, digest: undefined, invariants: false }
    expect(parseReplay(printReplay(replay), 'a.json').scenario.holds).toEqual(SCENARIO.holds)
    expect(printReplay(replay)).toContain(
      '{"at":"server.ts:7","fromMs":21,"until":"server.ts:7","times":1,"mostMs":40}',
    )
  })

  test('a held request is refused in a replay file if its duration is missing', () => {
    const text = printReplay({ scenario: SCENARIO, found: undefined, digest: undefined, invariants: false })
    expect(() => parseReplay(text.replace(',"mostMs":40', ''), 'a.json')).toThrow(/a\.json: holds\[0\].*mostMs/)
  })

  test('requests held at awaits are removed by shrinking if the failure does not need them', () => {
    const needed = shrink(SCENARIO, {
      fails: ({ holds = [], operations }) =>
        operations.some(({ at }) => holds.some(({ at: place, from }) => place === 'server.ts:7' && from >= at)),
      expired: () => false,
    })
    expect(needed.holds?.map(({ at, from }) => [at, from])).toEqual([['server.ts:7', 1e6]])
    expect(needed.operations.map(({ at }) => at)).toEqual([0])
    expect(shrink(SCENARIO, { fails: () => true, expired: () => false })).not.toHaveProperty('holds')
  })

  test('a hold of a request is delayed by 90 ms if shrinking delays an earlier operation by 90 ms', () => {
    const apart = sturdier(SCENARIO, {
      ...{ fails: () => true, expired: () => false },
      others: (scenario) => (scenario.operations[1]?.at === 120e6 ? [scenario] : []),
    })
    expect(apart.holds?.map(({ from }) => from / 1e6)).toEqual([21, 123])
  })

  test('holds of requests are planned only at awaits of the program, and only during the trial', () => {
    const [strategy] = strategiesNamed(['awaits'])
    const plan = (places: readonly string[], seed: number) =>
      strategy?.plan(
        createRandom(`${seed}`),
        nodeNames(3),
        millis(500),
        [],
        () => ({ takeoverMs: undefined, timersMs: [] }),
        places,
      )
    for (let seed = 0; seed < 50; seed++) {
      for (const { at, until, from, most } of plan(['a.ts:1', 'a.ts:2'], seed)?.holds ?? []) {
        expect(['a.ts:1', 'a.ts:2']).toEqual(expect.arrayContaining([at, until]))
        expect(from).toBeGreaterThanOrEqual(0)
        expect(from).toBeLessThan(520e6)
        expect(most).toBeLessThanOrEqual(300e6)
      }
      expect(plan([], seed)?.holds).toEqual([])
    }
    expect(strategies.map(({ name }) => name)).toContain('awaits')
  })
})
