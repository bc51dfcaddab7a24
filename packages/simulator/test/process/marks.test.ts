import { createRandom, nemeses, nodeNames, planSchedule } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import { settingsFor } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { workloadFor } from '../../bench/bug-subjects.ts'
import { createSimulatedCluster } from '../../src/cluster.ts'
import { simulateRun } from '../simulate-run.ts'

const NODES = 5
const TIME_MS = millis(5_000)

/**
 * Returns the nodes on which the bug took effect (see `ProtocolDefinition.marks`) in a run with the settings and faults
 * that the bug declares.
 */
function markedIn(protocol: (typeof protocols)[number], name: string | undefined, seed: number): readonly string[] {
  const { settings = {}, faults = ['partition', 'kill'] } = protocol.bugs.find((bug) => bug.name === name)?.under ?? {}
  const workload = workloadFor(protocol, name ?? '')
  const machine = protocol.create({ bug: name, settings, object: workload.object })
  const cluster = createSimulatedCluster({ machine, nodes: NODES, seed })
  const run = simulateRun(cluster, {
    workload,
    settings: settingsFor(workload, { keys: 5 }),
    schedule: planSchedule({
      nemeses: nemeses.filter((nemesis) => faults.includes(nemesis.name)),
      nodes: nodeNames(NODES),
      durationMs: TIME_MS,
      random: createRandom(seed).fork('schedule'),
    }),
    sink: { append: () => {} },
    clients: 10,
    rate: 500,
    timeMs: TIME_MS,
    timeoutMs: millis(1_000),
    quietMs: millis(1_000),
    seed,
  })
  if (run.type === 'stopped') throw new Error(run.reason)
  return run.outcome.marked
}

const RARE = [
  // These bugs show only if a node stands for election while its log is longer than the others, but older.
  'up-to-date-length-only',
  'stale-view-change',
  // This bug shows only if a node crashes between a vote and its decision, and the other nodes are down at the same
  // time.
  'decide-alone',
  // These bugs need a crash in the middle of a write.
  'key-after-effect',
  'key-before-effect',
]
const SEEDS = 4

describe.each([...protocols])('the protocol $name', (protocol) => {
  test('no node reports that a planted bug took effect if no bug is planted', () => {
    expect(markedIn(protocol, undefined, 1)).toEqual([])
  })

  const bugs = protocol.bugs.filter(({ name }) => !RARE.includes(name))
  test.each(bugs.map(({ name }) => name))('in at least one run a node reports that the bug %s took effect', (name) => {
    let marked: readonly string[] = []
    for (let seed = 1; seed <= SEEDS && marked.length === 0; seed++) marked = markedIn(protocol, name, seed)
    expect(marked.length).toBeGreaterThan(0)
  })

  test.each(protocol.bugs.filter(({ under }) => under !== undefined))(
    'the bug $name declares only faults and settings that exist',
    (bug) => {
      const names = nemeses.map(({ name }) => name)
      for (const fault of bug.under?.faults ?? []) expect(names).toContain(fault)
      expect(() => protocol.create({ bug: bug.name, settings: bug.under?.settings ?? {} })).not.toThrow()
    },
  )
})
