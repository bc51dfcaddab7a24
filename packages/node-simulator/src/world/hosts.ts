import type { NodeId } from '@chaosproxy/faults'
import { NotSimulated } from '../refusal.ts'
import type { Hosts } from './life.ts'

const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '0.0.0.0', '::1'])

/** The usual services at these ports, which no seed decides. */
const SERVERS: { readonly [port: number]: string } = {
  1433: 'SQL Server',
  2379: 'etcd',
  3306: 'MySQL',
  4222: 'NATS',
  5432: 'PostgreSQL',
  5672: 'RabbitMQ',
  6379: 'Redis',
  9042: 'Cassandra',
  9092: 'Kafka',
  11211: 'memcached',
  27017: 'MongoDB',
}

const INSTEAD =
  'Give the program the address of a node, add a fake of that server, which is a Node program of your own, with --beside NAME=FILE (beside: { NAME: { entry } }), or run the real thing with chaos run.'
const REDIS = " Add a Redis at redis:6379 with redis: 'simulated', or --redis."

/** The host names of nodes; all others are refused by name. */
export function hostsOf(program: string, names: readonly NodeId[], hasRedis: boolean): Hosts {
  const refused = (what: string, mayBeRedis: boolean): NotSimulated =>
    new NotSimulated(
      what,
      `is no node of ${program}: there are ${names.join(', ')}`,
      `${INSTEAD}${mayBeRedis && !hasRedis ? REDIS : ''}`,
    )
  return {
    find: (host, from) => (LOCAL.has(host) ? from : names.find((name) => name === host)),
    unknown: (host) => refused(`the host ${host}`, true),
    refusePort(port) {
      const name = SERVERS[port]
      return name === undefined ? undefined : refused(`${name} at localhost:${port}`, name === 'Redis')
    },
    refusePath: (path) =>
      new NotSimulated(
        `connecting to ${path}`,
        'is a socket of the file system, which nodes do not share',
        'Use a port.',
      ),
  }
}
