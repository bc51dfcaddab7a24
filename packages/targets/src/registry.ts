import { dirname } from 'node:path'
import { didYouMean, UserError } from '@chaosproxy/history'
import { protocols } from '@chaosproxy/protocols'
import type { Target } from '@chaosproxy/runner'
import { SIMULATED, simulatedTarget } from '@chaosproxy/simulator/target'
import { isBinary, isMaelstrom } from './binary/reference.ts'
import { embeddedTarget } from './embedded/cluster.ts'
import type { RpcWorkload } from './maelstrom/workloads.ts'
import { builtEntry } from './processes/entry.ts'
import { isUserFile } from './user-files/import.ts'
import { loadProtocol } from './user-files/protocol-file.ts'
import { vetFile } from './user-files/vet-file.ts'

/** Whether it is the path of a cluster declaration. */
export const isDeclaration = (reference: string): boolean => reference.endsWith('.json')

/** Every protocol as a target: in processes, and in virtual time. */
export const protocolTargets: readonly Target[] = [
  ...protocols.map((protocol) => embeddedTarget(protocol)),
  ...protocols.map((protocol) => simulatedTarget(protocol)),
]

/** The databases, each loaded on demand. */
const databases: ReadonlyMap<string, () => Promise<Target>> = new Map([
  ['etcd', async () => (await import('./etcd/target.ts')).etcd],
  ['redis', async () => (await import('./redis/target.ts')).redis],
  ['postgres', async () => (await import('./postgres/target.ts')).postgres],
  ['nats', async () => (await import('./nats/target.ts')).nats],
  ['mariadb', async () => (await import('./mariadb/target.ts')).mariadb],
  ['zookeeper', async () => (await import('./zookeeper/target.ts')).zookeeper],
  ['galera', async () => (await import('./galera/target.ts')).galera],
  ['rabbitmq', async () => (await import('./rabbitmq/target.ts')).rabbitmq],
  ['redis-cluster', async () => (await import('./redis-cluster/target.ts')).redisCluster],
])

export const targetNames: readonly string[] = [...protocolTargets.map(({ name }) => name), ...databases.keys()]

/**
 * Resolves a reference: one of `targetNames`, the path of a user's protocol, a JSON file that declares a cluster, or
 * `maelstrom:WORKLOAD:COMMAND`. The prefix `sim:` selects the simulator.
 *
 * @throws UserError (usage, input)
 */
export async function targetOf(reference: string): Promise<Target> {
  const simulated = reference.startsWith(SIMULATED)
  const name = simulated ? reference.slice(SIMULATED.length) : reference
  if (isDeclaration(name)) {
    if (simulated) throw new UserError('usage', `${reference}: only protocols can be simulated; ${name} is a cluster.`)
    const [{ readDeclaration }, { declaredTarget }] = await Promise.all([
      import('./declared/read-declaration.ts'),
      import('./declared/target.ts'),
    ])
    return declaredTarget(readDeclaration(name), { where: name, directory: dirname(name) })
  }
  if (isUserFile(name)) {
    if (!isBinary(name)) await vetProtocol(name)
    const protocol = await loadProtocol(name)
    return simulated ? simulatedTarget(protocol, true) : embeddedTarget(protocol, name)
  }
  if (isMaelstrom(reference)) return (await import('./maelstrom/target.ts')).maelstromTarget(reference)
  const database = databases.get(reference)
  if (database !== undefined) return database()
  const found = protocolTargets.find((target) => target.name === reference)
  if (found !== undefined) return found
  throw new UserError(
    'usage',
    `there is no target ${reference}.${didYouMean(reference, targetNames)} Known: ${targetNames.filter((name) => !name.startsWith(SIMULATED)).join(', ')}.`,
  )
}

/**
 * Reports problems of a user's protocol file: see `vetFile`. A file that passes can be loaded by `loadProtocol`.
 *
 * @throws UserError as `loadProtocol` does, and (input) if loading does not end or ends the thread.
 */
export const vetProtocol = (path: string): Promise<void> => vetFile(path, builtEntry('user-files'))

export async function maelstromWorkload(name: string): Promise<RpcWorkload | undefined> {
  const { rpcWorkloads } = await import('./maelstrom/workloads.ts')
  return rpcWorkloads.find((each) => each.name === name)
}
