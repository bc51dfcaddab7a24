import { createRandom, nemeses, nodeNames, planSchedule } from '@chaosproxy/faults'
import { type Event, millis } from '@chaosproxy/history'
import { findProtocol, protocols } from '@chaosproxy/protocols'
import { settingsFor, workloads } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { createSimulatedCluster } from '../../src/cluster.ts'
import { simulateRun } from '../simulate-run.ts'

/** A run whose links between nodes forge messages. Returns all its events, and the nodes' log lines. */
function lyingRun(name: string, faults: readonly string[], seed: number) {
  const protocol = findProtocol(name)!
  const workload = workloads.find(({ object }) => protocol.objects.includes(object))!
  const machine = protocol.create({ object: workload.object, settings: {} })
  const events: Event[] = []
  const log: string[] = []
  const nodes = protocol.defaultNodes
  const run = simulateRun(
    createSimulatedCluster({ machine, nodes, seed, log: (_, node, text) => log.push(`${node} ${text}`) }),
    {
      workload,
      settings: settingsFor(workload, {}, false),
      schedule: planSchedule({
        nemeses: nemeses.filter((nemesis) => faults.includes(nemesis.name)),
        nodes: nodeNames(nodes),
        durationMs: millis(1_000),
        random: createRandom(`schedule ${seed}`),
      }),
      sink: { append: (event) => events.push(event) },
      clients: 2 * nodes,
      rate: 200,
      timeMs: millis(1_000),
      timeoutMs: millis(500),
      quietMs: millis(500),
      seed,
    },
  )
  return { type: run.type, events, log }
}

test.each(protocols.map(({ name }) => name))(
  'a run of %s continues to its end on links that forge messages',
  (name) => {
    for (let seed = 1; seed <= 3; seed++) expect(lyingRun(name, ['forge', 'kill'], seed).type).not.toBe('stopped')
  },
)

test('a run on links that forge messages is repeatable', () => {
  const faults = ['forge', 'kill', 'pause']
  expect(lyingRun('paxos', faults, 4).events).toEqual(lyingRun('paxos', faults, 4).events)
})

test('a node ends itself after forged messages, but not if messages are signed', () => {
  const logs = (faults: readonly string[]) =>
    [1, 2, 3, 4, 5, 6]
      .flatMap((seed) => lyingRun('paxos', faults, seed).log)
      .filter((line) => line.includes('ends by itself'))
  expect(logs(['forge'])).not.toEqual([])
  expect(logs(['forge-signed'])).toEqual([])
})
