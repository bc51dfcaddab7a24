import { linksBetween } from '@chaosproxy/faults'
import { millis, nanos } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { Scenario } from '@chaosproxy/runner'
import type { SearchedProtocol } from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { limitsFor, playSimulated, playWatched } from '../../src/worlds/play.ts'

const at = (ms: number) => nanos(ms * 1e6)

/** A write while n3 is cut off. Later all cuts end, and another node becomes the leader. */
function played(target: string) {
  const scenario: Scenario = {
    ...{ target, workload: 'register', settings: {}, bug: undefined, targetSettings: {} },
    ...{ nodes: 3, seed: 1, timeoutMs: millis(200) },
    operations: [300, 1500].map((ms) => ({
      ...{ at: at(ms), client: 0, node: 'n1', input: { f: 'write', key: 'x', value: 7 } },
    })),
    faults: [
      {
        from: at(200),
        to: at(600),
        fault: { kind: 'partition', mode: 'hold', links: linksBetween([['n1', 'n2'], ['n3']]) },
      },
      { from: at(800), to: at(1200), fault: { kind: 'kill', nodes: ['n1', 'n2', 'n3'] } },
    ],
  }
  const subject: SearchedProtocol = {
    ...{
      target,
      protocol: findProtocol(target)!,
      bug: undefined,
      targetSettings: {},
      level: 'eventual',
      workload: register,
    },
    ...{ settings: {}, nodes: 3, operations: 2 },
  }
  const limits = limitsFor(false)
  const { states, ...watched } = playWatched(subject, scenario, limits, [{ f: 'read', key: 'x', value: null }])
  return { states: states ?? [], watched, unwatched: playSimulated(subject, scenario, limits) }
}

test.each(['raft', 'primary-replica', 'master-master', 'quorum'])(
  'a run of %s produces the same JSON with and without a watch of its nodes',
  (target) => {
    const { watched, unwatched } = played(target)
    expect(JSON.stringify(watched)).toBe(JSON.stringify(unwatched))
    expect(watched.events.length).toBeGreaterThan(0)
  },
)

test('a watch of nodes reports states in order of time, and sees an update of a cut-off node only after the heal', () => {
  const { states } = played('master-master')
  const since = (node: string) => states.find((state) => state.node === node && state.copies[0]?.value === 7)?.at
  expect(since('n1')).toBeGreaterThanOrEqual(at(300))
  expect(since('n1')).toBeLessThan(at(600))
  expect(since('n3')).toBeGreaterThanOrEqual(at(600))
  expect(states.map((state) => state.at)).toEqual(states.map((state) => state.at).toSorted((a, b) => a - b))
  // Each state of a node differs from its previous state.
  for (const [i, { at: _, ...state }] of states.entries()) {
    const before = states.findLast((each, j) => j < i && each.node === state.node)
    expect({ ...before, at: 0 }).not.toEqual({ ...state, at: 0 })
  }
})

test('a watch of nodes reports roles and terms, and an empty list of copies if nodes cannot read their data', () => {
  const { states } = played('raft')
  expect(states[0]?.at).toBe(0)
  expect(states.filter(({ role }) => role === 'leader').map(({ node }) => node)).not.toEqual([])
  expect(Math.max(...states.map(({ term }) => term ?? 0))).toBeGreaterThan(1)
  for (const { copies } of played('quorum').states) expect(copies).toEqual([])
})
