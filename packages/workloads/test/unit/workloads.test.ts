import { findModel, verdictOf } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { register, settingsFor, type Workload, withoutConcurrency } from '../../src/index.ts'
import { bugs } from '../bugs.ts'
import { plainObjects } from '../objects.ts'
import { workloadsOfObjects } from '../of-objects.ts'
import { judged, play } from '../play.ts'

const options = fc.record({
  seed: fc.nat(),
  clients: fc.integer({ min: 1, max: 6 }),
  operations: fc.integer({ min: 20, max: 120 }),
  unknown: fc.constantFrom(0, 0, 0.05),
  planned: fc.boolean(),
})

/** Uses few objects, so that many operations use each object, and reveal its bugs. */
const few = (workload: Workload) =>
  workload.settings.some(({ name }) => name === 'keys') ? { settings: { keys: 2 } } : {}

describe.each(workloadsOfObjects.map((workload) => [workload.name, workload] as const))(
  'the workload %s',
  (name, workload) => {
    const right = plainObjects[name]!

    test('a workload shows no violation on a correct object, at any level of its model', () => {
      fc.assert(
        fc.property(options, (chosen) => {
          const report = judged(workload, play(workload, right(), { ...chosen, ...few(workload) }))
          expect(report.levels.linearizable.result).toBe('met')
          // If operations have unknown outcomes, some levels may stay undecided.
          const others = chosen.unknown === 0 ? ['met'] : ['met', 'unknown']
          for (const level of workload.levels) expect(others, level).toContain(verdictOf(report, level).result)
        }),
        { numRuns: 25 },
      )
    })

    test.each(Object.entries(bugs[name]!))(
      'a workload violates linearizable on an object with the bug "%s"',
      (_, buggy) => {
        let caught = 0
        const seeds = 8
        for (let seed = 0; seed < seeds; seed++) {
          const history = play(workload, buggy(3), { seed, clients: 3, operations: 150, unknown: 0, ...few(workload) })
          if (judged(workload, history).levels.linearizable.result === 'violated') caught++
        }
        // Some bugs affect only what no client reads afterwards.
        expect(caught).toBeGreaterThan(seeds / 4)
      },
    )

    test('a workload requests the same operations with the same seed', () => {
      const requested = () => {
        const clients = workload.create(settingsFor(workload), 0)
        const client = clients.client(createRandom(7), 1)
        return Array.from({ length: 50 }, () => client.next())
      }
      expect(requested()).toEqual(requested())
    })

    test('a workload calls exactly the functions that it declares, including final reads', () => {
      const client = workload.create(settingsFor(workload), 0).client(createRandom(1), 0)
      const requested = new Set(Array.from({ length: 500 }, () => client.next().f))
      const finale = workload.finale(['x', 'y']).map(({ f }) => f)
      expect([...new Set([...requested, ...finale])].sort()).toEqual([...workload.functions].sort())
      expect(workload.functions).toEqual(expect.arrayContaining([...workload.reads]))
    })

    test('a workload is judged by a model that knows its functions and decides its levels', () => {
      const model = findModel(workload.model as string)!
      expect(workload.functions.filter((f) => !model.knows(f))).toEqual([])
      expect(workload.levels).toEqual(model.levels)
    })

    test('a workload repeats no value of an earlier part of the run', () => {
      const serial = 200
      const values = (after: number) => {
        const client = workload.create(settingsFor(workload), after).client(createRandom(1), 0)
        return Array.from({ length: serial }, () => client.next())
          .filter(({ f }) => ['write', 'append', 'enqueue', 'transfer', 'send'].includes(f))
          .map(({ value }) => JSON.stringify(value))
      }
      const before = new Set(values(0))
      expect(values(serial).filter((value) => before.has(value))).toEqual([])
    })

    test('a workload has evidence if its operations succeed, and none if all are refused', () => {
      const chosen = { seed: 1, clients: 6, operations: 200, unknown: 0, ...few(workload) }
      expect(workload.vacuous(play(workload, right(), chosen))).toEqual([])
      const refused = play(workload, () => ({ type: 'fail', error: 'unavailable' }), chosen)
      expect(workload.vacuous(refused)).not.toEqual([])
      // Without a lock, clients do not attempt a release.
      const tried = workload.vacuous(refused).filter((text) => text !== 'no release succeeded')
      for (const text of tried) expect(text).toMatch(/^no .* \(\d+ of \d+: unavailable\)$/)
    })

    test('a workload is reported to lack concurrency in a run with one client, but not with six clients', () => {
      const chosen = { seed: 1, clients: 6, operations: 200, unknown: 0, ...few(workload) }
      expect(withoutConcurrency(play(workload, right(), chosen), workload)).toEqual([])
      // Reads cannot conflict with each other.
      if (workload.functions.every((f) => workload.reads.includes(f))) return
      const alone = play(workload, right(), { ...chosen, clients: 1 })
      expect(withoutConcurrency(alone, workload).join()).toMatch(/^nothing ran at the same time as an? /)
    })
  },
)

test('the workload register lacks evidence if every read fails, even if compare-and-sets succeed', () => {
  const event = (type: 'invoke' | 'ok' | 'fail', f: string, value: Json): EventInput => ({ process: 0, type, f, value })
  const casOnly = [event('invoke', 'cas', [null, 1]), event('ok', 'cas', [null, 1])]
  const reads = (type: 'ok' | 'fail') => [event('invoke', 'read', null), event(type, 'read', 1)]
  const lacks = (events: readonly EventInput[]) => register.vacuous(historyFromEvents(events))
  expect(lacks([...casOnly, ...reads('fail')])).toEqual([expect.stringMatching(/^no read succeeded/)])
  expect(lacks([...casOnly, ...reads('ok')])).toEqual([])
  expect(lacks(casOnly)).toEqual([])
})
