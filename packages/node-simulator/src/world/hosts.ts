import type { NodeId } from '@chaosproxy/faults'
import { POSTGRES_PORT, REDIS_PORT } from '../declared/hosts.ts'
import { NotSimulated } from '../refusal.ts'
import type { Hosts } from './life.ts'

const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '0.0.0.0', '::1'])

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
  'Give the program the address of a node, add a fake of that server (a Node program of your own) with --beside NAME=FILE (beside: { NAME: { entry } }), or run the real program with chaos run.'
const SIMULATED = [
  {
    name: 'Redis',
    port: REDIS_PORT,
    hosts: /redis|valkey|cache/i,
    add: " Add a Redis at redis:6379 with redis: 'simulated', or --redis.",
  },
  {
    name: 'PostgreSQL',
    port: POSTGRES_PORT,
    hosts: /pg|postgres|sql|db|database/i,
    add: " Add a PostgreSQL at pg:5432 with beside: { pg: 'postgres' }, or --beside pg=postgres.",
  },
] as const

/** The nodes that are simulated servers, by the name of the server. */
export interface SimulatedServers {
  readonly PostgreSQL: readonly NodeId[]
  readonly Redis: readonly NodeId[]
}

export function hostsOf(program: string, names: readonly NodeId[], servers: SimulatedServers): Hosts {
  function refused(what: string, server: (typeof SIMULATED)[number] | undefined): NotSimulated {
    const [at] = server === undefined ? [] : servers[server.name]
    const not = `is not a node of ${program}, whose nodes are ${names.join(', ')}`
    if (server !== undefined && at !== undefined)
      return new NotSimulated(what, not, `The simulated ${server.name} is at ${at}:${server.port}.`)
    return new NotSimulated(what, not, `${INSTEAD}${server?.add ?? ''}`)
  }
  return {
    find: (host, from) => (LOCAL.has(host) ? from : names.find((name) => name === host)),
    unknown: (host) =>
      refused(
        `the host ${host}`,
        SIMULATED.find(({ hosts }) => hosts.test(host)),
      ),
    refusePort(port) {
      const name = SERVERS[port]
      return name === undefined
        ? undefined
        : refused(
            `${name} at localhost:${port}`,
            SIMULATED.find((server) => server.name === name),
          )
    },
    refusePath: (path) =>
      new NotSimulated(
        `connecting to ${path}`,
        'is a socket of the file system, which nodes do not share',
        'Use a port.',
      ),
  }
}
