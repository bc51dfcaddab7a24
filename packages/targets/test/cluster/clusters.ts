import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { type Completion, type Input, millis } from '@chaosproxy/history'
import type { Healed, Injected, StartOptions, Target } from '@chaosproxy/runner'
import { afterEach, beforeAll, expect } from 'vitest'
import { ensureBuilt } from '../../../testing/src/build.ts'
import { eventually, processExists } from '../../../testing/src/real-cluster.ts'
import type { OwnCluster } from '../../src/cluster/open-cluster.ts'
import { parseDeclaration } from '../../src/declared/read-declaration.ts'
import { declaredTarget } from '../../src/declared/target.ts'

const asked = {
  functions: ['read', 'write'],
  reads: ['read'],
  initial: null,
  before: [{ f: 'read', key: 'x', value: null }],
}

/**
 * Starts declared clusters for the tests of one file. Ends each cluster after its test, and checks that nothing of it
 * is left.
 */
export function declaredClusters() {
  const started: OwnCluster[] = []
  const directories: string[] = []
  beforeAll(ensureBuilt)
  afterEach(async () => {
    for (const cluster of started.splice(0)) await ended(cluster)
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
  })

  function directory(): string {
    const made = mkdtempSync(join(tmpdir(), 'chaos-declared-'))
    directories.push(made)
    return made
  }

  async function start(declaration: unknown, options: Partial<StartOptions> = {}) {
    const target = targetOf(declaration)
    const runDir = directory()
    const cluster = (await target.start({
      nodes: target.defaultNodes,
      settings: Object.fromEntries(target.settings.map(({ name, default: usual }) => [name, usual])),
      bug: undefined,
      object: 'register',
      operations: asked,
      seed: 1,
      dataDir: join(runDir, 'data'),
      logDir: join(runDir, 'logs'),
      longestMs: millis(60_000),
      rate: 100,
      ...options,
    })) as OwnCluster
    started.push(cluster)
    return world(cluster, runDir)
  }
  return { start, directory }
}

export const targetOf = (declaration: unknown): Target =>
  declaredTarget(parseDeclaration(declaration, 'mine.json'), { where: 'mine.json', directory: '.' })

async function ended(cluster: OwnCluster): Promise<void> {
  const pids = [...cluster.nodes.map(cluster.pid), cluster.keeperPid].filter((pid) => pid !== undefined)
  const ports = cluster.nodes.map((node) => cluster.clientAddress(node).port)
  await new Promise<void>((resolve) => cluster.stop(resolve))
  await eventually(async () => expect(pids.filter(processExists)).toEqual([]))
  for (const port of ports) await listens(port)
}

/** Rejects if another process listens on the port. */
const listens = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve()))
  })

function world(cluster: OwnCluster, runDir: string) {
  function ask(node: string, input: Input, timeoutMs = 10_000): Promise<Completion> {
    const client = cluster.connect(node)
    return new Promise((resolve) => {
      const session = { client: `test-${node}`, sequence: 1 }
      client.invoke({ input, harmless: input.f === 'read', session }, millis(timeoutMs), (completion) => {
        client.close()
        resolve(completion)
      })
    })
  }
  return {
    cluster,
    runDir,
    dataExists: (node: string) => existsSync(join(runDir, 'data', node)),
    ask,
    read: (node: string, key: string) => ask(node, { f: 'read', key, value: null }),
    write: (node: string, key: string, value: number) => ask(node, { f: 'write', key, value }),
    async inject(fault: Fault): Promise<() => Promise<Healed>> {
      const outcome = await new Promise<Injected>((resolve) => cluster.inject(fault, resolve))
      if (outcome.type === 'failed') throw new Error(outcome.error)
      return () => new Promise((resolve) => outcome.heal(resolve))
    },
  }
}
