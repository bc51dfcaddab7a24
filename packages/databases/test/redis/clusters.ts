import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { type Completion, type Input, type Json, millis } from '@chaosproxy/history'
import type { Healed, Injected } from '@chaosproxy/runner'
import { type Settings, settingsFor, workloads } from '@chaosproxy/workloads'
import { afterEach, beforeAll, expect } from 'vitest'
import type { OwnCluster } from '../../../targets/src/cluster/open-cluster.ts'
import { ensureBuilt } from '../../../testing/src/build.ts'
import { eventually, processExists } from '../../../testing/src/real-cluster.ts'
import { redis } from '../../src/redis/target.ts'

/**
 * Starts Redis clusters for the tests of one file. After each test, stops the clusters of this test, and checks that
 * they leave no process behind.
 */
export function redisClusters() {
  const open: OwnCluster[] = []
  const directories: string[] = []
  beforeAll(ensureBuilt)
  afterEach(async () => {
    for (const cluster of open.splice(0)) {
      const pids = [...cluster.nodes.map(cluster.pid), cluster.keeperPid].filter((pid) => pid !== undefined)
      await new Promise<void>((resolve) => cluster.stop(resolve))
      await eventually(async () => expect(pids.filter(processExists)).toEqual([]))
    }
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
  })

  return async function start(workloadName: string, settings: Settings = {}, nodes = 3) {
    const workload = workloads.find(({ name }) => name === workloadName)
    if (workload === undefined) throw new Error(`there is no workload ${workloadName}`)
    const directory = mkdtempSync(join(tmpdir(), 'chaos-redis-'))
    directories.push(directory)
    const cluster = (await redis.start({
      nodes,
      settings: settingsFor(redis, settings),
      bug: undefined,
      object: workload.object,
      operations: {
        functions: workload.functions,
        reads: workload.reads,
        initial: workload.initial,
        before: workload.reads.includes('read') ? [{ f: 'read', key: 'x', value: null }] : [],
      },
      seed: 1,
      dataDir: join(directory, 'data'),
      logDir: join(directory, 'logs'),
      longestMs: millis(60_000),
      rate: 100,
    })) as OwnCluster
    open.push(cluster)
    return world(cluster, workload.reads)
  }
}

function world(cluster: OwnCluster, reads: readonly string[]) {
  let asked = 0
  const clients = new Map<string, ReturnType<typeof cluster.connect>>()

  /** Invokes an operation through the node's client. The client exists until the end of the test, or until `leave`. */
  function ask(node: string, input: Input, timeoutMs = 5_000): Promise<Completion> {
    const client = clients.get(node) ?? cluster.connect(node)
    clients.set(node, client)
    asked++
    return new Promise((resolve) => {
      const session = { client: `test-${node}`, sequence: asked }
      client.invoke({ input, harmless: reads.includes(input.f), session }, millis(timeoutMs), resolve)
    })
  }
  return {
    cluster,
    ask,
    /** Makes the next operation at this node use a new client. */
    leave(node: string) {
      clients.get(node)?.close()
      clients.delete(node)
    },
    read: (node: string, key = 'x', timeoutMs?: number) => ask(node, { f: 'read', key, value: null }, timeoutMs),
    write: (node: string, value: Json, key = 'x', timeoutMs?: number) =>
      ask(node, { f: 'write', key, value }, timeoutMs),
    async inject(fault: Fault): Promise<() => Promise<Healed>> {
      const outcome = await new Promise<Injected>((resolve) => cluster.inject(fault, resolve))
      if (outcome.type === 'failed') throw new Error(outcome.error)
      return () => new Promise((resolve) => outcome.heal(resolve))
    },
  }
}
