import { loadOptional } from '@chaosproxy/history/files'
import type { Target } from '@chaosproxy/runner'
import { targetNames as builtIn } from '@chaosproxy/targets/named'

const names: readonly string[] = [
  ...['etcd', 'redis', 'postgres', 'nats', 'mariadb', 'zookeeper', 'galera', 'rabbitmq', 'redis-cluster'],
]

/** The databases as targets, by name, loaded on demand. */
export const databases: ReadonlyMap<string, () => Promise<Target>> = new Map(
  names.map((name) => [name, () => databaseNamed(name)]),
)

export const targetNames: readonly string[] = [...builtIn, ...names]

/** @throws UserError (environment) if the package is not installed. */
async function databaseNamed(name: string): Promise<Target> {
  const loaded = await loadOptional(() => import('@chaosproxy/databases'), {
    why: 'Targets that are databases need a package that is not installed',
    packages: ['@chaosproxy/databases'],
  })
  const load = loaded.databases.get(name)
  if (load === undefined) throw new Error(`@chaosproxy/databases has no ${name}`)
  return load()
}
