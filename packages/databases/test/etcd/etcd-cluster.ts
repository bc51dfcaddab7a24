import { join } from 'node:path'
import { type Completion, type Input, millis } from '@chaosproxy/history'
import type { RequestedOperations, StartedCluster } from '@chaosproxy/runner'
import { type Settings, settingsFor } from '@chaosproxy/workloads'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from '../../../testing/src/clients.ts'
import { installed, whySkipped } from '../../../testing/src/servers.ts'
import { etcd } from '../../src/etcd/target.ts'

export const isInstalled = installed('etcd') !== undefined
/** The end of a title, which says why the tests are skipped. */
export const why = isInstalled ? '' : `: ${whySkipped('etcd')}`

export interface TriedEtcd extends StartedCluster {
  readonly cluster: StartedCluster
  /** Runs one operation with a new client. */
  ask(input: Input, node?: string): Promise<Completion>
}

/** Starts a cluster that ends with its test. */
export async function startEtcd(
  asked: Pick<RequestedOperations, 'functions' | 'initial'>,
  { nodes = 1, ...chosen }: Settings & { readonly nodes?: number } = {},
): Promise<TriedEtcd> {
  const directory = temporaryDirectory()
  const cluster = await etcd.start({
    nodes,
    settings: settingsFor(etcd, chosen),
    bug: undefined,
    object: 'register',
    operations: {
      ...asked,
      reads: ['read'],
      before: asked.functions.includes('read') ? [{ f: 'read', key: 'x', value: null }] : [],
    },
    seed: 1,
    dataDir: join(directory, 'data'),
    logDir: join(directory, 'logs'),
    longestMs: millis(60_000),
    rate: 10,
  })
  onTestFinished(() => new Promise((resolve) => cluster.stop(resolve)))
  return {
    ...cluster,
    cluster,
    ask: (input, node = 'n1') =>
      new Promise((resolve) => {
        const client = cluster.connect(node)
        client.invoke({ input, harmless: input.f === 'read' }, millis(5000), (completion) => {
          client.close()
          resolve(completion)
        })
      }),
  }
}

/** Returns the address at which clients of a started cluster reach a node. */
export const addressOf = (cluster: StartedCluster, node: string): { host: string; port: number } =>
  (cluster as StartedCluster & { clientAddress(node: string): { host: string; port: number } }).clientAddress(node)
