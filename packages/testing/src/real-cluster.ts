import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { type Completion, type Input, millis } from '@chaosproxy/history'
import type { Healed, Injected } from '@chaosproxy/runner'
import { type EmbeddedCluster, startEmbeddedCluster } from '@chaosproxy/targets'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { EmbeddedClusterOptions } from '../../targets/src/embedded/cluster.ts'
import { ensureBuilt } from './build.ts'

/** Timeouts for fast elections. They are long enough for a busy machine, which may delay a few heartbeats. */
export const impatient = { 'heartbeat-ms': 30, 'election-min-ms': 250, 'election-max-ms': 500 }

interface Started {
  readonly clusters: Promise<EmbeddedCluster>[]
  readonly directories: string[]
}

/** Starts clusters for one file's tests. Each is removed after its test, even after a failure. */
export function realClusters() {
  const own: Started = { clusters: [], directories: [] }
  const shared: Started = { clusters: [], directories: [] }
  let common: Promise<EmbeddedCluster> | undefined
  beforeAll(ensureBuilt)
  afterEach(async ({ task }) => {
    await endAll(own)
    // A failed test may have left faults in force.
    if (task.result?.state !== 'fail') return
    common = undefined
    await endAll(shared)
  })
  afterAll(() => endAll(shared))

  function directory(started = own): string {
    const made = mkdtempSync(join(tmpdir(), 'chaos-cluster-'))
    started.directories.push(made)
    return made
  }

  function start(options: Partial<EmbeddedClusterOptions> = {}, started = own): Promise<EmbeddedCluster> {
    const runDir = directory(started)
    const starting = startEmbeddedCluster({
      protocol: 'raft',
      settings: options.protocol === undefined ? impatient : {},
      nodes: 3,
      dataDir: join(runDir, 'data'),
      logDir: runDir,
      seed: 1,
      ...options,
    })
    started.clusters.push(starting)
    return starting
  }

  return {
    start: (options?: Partial<EmbeddedClusterOptions>) => start(options),
    /** Resolves with a Raft cluster that the tests of the file share. Each test must heal its faults. */
    share(): Promise<EmbeddedCluster> {
      common ??= start({}, shared)
      return common
    },
    directory: () => directory(),
  }
}

async function endAll({ clusters, directories }: Started): Promise<void> {
  for (const starting of await Promise.allSettled(clusters.splice(0)))
    if (starting.status === 'fulfilled') await stopped(starting.value)
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

export const stopped = (cluster: EmbeddedCluster): Promise<void> => new Promise((resolve) => cluster.stop(resolve))

export function ask(cluster: EmbeddedCluster, node: string, input: Input, timeoutMs = 5000) {
  const client = cluster.connect(node)
  return new Promise<Completion>((resolve) => {
    client.invoke({ input, harmless: input.f === 'read' }, millis(timeoutMs), (completion) => {
      client.close()
      resolve(completion)
    })
  })
}

/** Resolves once the fault is in force, with a function that heals it. */
export async function inject(cluster: EmbeddedCluster, fault: Fault): Promise<() => Promise<Healed>> {
  const outcome = await new Promise<Injected>((resolve) => cluster.inject(fault, resolve))
  if (outcome.type === 'failed') throw new Error(outcome.error)
  return () => new Promise((resolve) => outcome.heal(resolve))
}

/** Retries `claim` until it succeeds or the test times out. */
export async function eventually<T>(claim: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await claim()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** Returns whether the process exists and has not ended. Zombies do not count. */
export function processExists(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z'
  } catch {
    return false
  }
}
