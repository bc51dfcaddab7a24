import type { Target } from '@chaosproxy/runner'

/** The databases as targets, by name. Each is loaded on demand. */
export const databases: ReadonlyMap<string, () => Promise<Target>> = new Map([
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
