import { millis, usageError } from '@chaosproxy/history'
import type { PromiseQuestion, Target, WeaknessQuestion } from '@chaosproxy/runner'
import { goFaultSupport, missingPrograms, type NodesDeclaration, targetWithClients } from '@chaosproxy/targets/database'
import { choice, type Setting, type Settings } from '@chaosproxy/workloads'
import { joinedClauses } from '../joined-clauses.ts'
import { natsClients } from './client/clients.ts'
import { natsErrors } from './client/outcomes.ts'

const own: readonly Setting[] = [
  choice(
    'direct',
    ['on', 'off'],
    "who answers the reads of a bucket: on, any replica (allow_direct, as clients' libraries make buckets); off, the stream's leader",
  ),
  {
    name: 'ack-wait-ms',
    summary: 'how long a message of a queue may stay unacknowledged before it is handed out again (ack_wait)',
    default: 2_000,
    min: 100,
    max: 600_000,
  },
]

/** The most replicas that JetStream keeps. */
const MOST_NODES = 5

const declaration: NodesDeclaration = {
  name: 'nats',
  summary:
    'NATS JetStream: registers in a key-value bucket, queues and partitioned logs in streams, replicated on every node',
  nodes: 3,
  command: ['nats-server', '--config', '{data}/nats.conf'],
  files: {
    'nats.conf': [
      'server_name: {node}',
      'listen: "{listen.client}"',
      'http: "{listen.monitor}"',
      'jetstream: {',
      '  store_dir: "{data}"',
      '}',
      'cluster: {',
      '  name: chaos',
      '  listen: "{listen.route}"',
      // Each server dials the address that the other server advertises.
      '  advertise: "{announced.route}"',
      '  no_advertise: true',
      '  routes: [ {list.routes} ]',
      '}',
    ],
  },
  ports: ['client', { name: 'route', announced: true }, 'monitor'],
  lists: { routes: { of: 'peers', each: '"nats://{peer.route}"', between: ', ' } },
}

const base = targetWithClients(declaration, {
  where: 'nats',
  own,
  clients: natsClients,
  machine: goFaultSupport('nats-server'),
  below: 'layer',
  watchRoles: async () => (await import('./roles.ts')).watchNatsRoles,
})

/**
 * A JetStream cluster of the nats-server that is installed on this machine. Faults can act on every server and link.
 */
export const nats: Target = {
  ...base,
  // After faults, a stream may have no leader for half a minute.
  quietMs: millis(40_000),
  objects: ['register', 'queue', 'stream'],
  promises: promised,
  weakness,
  errors: natsErrors,
  missing: async () =>
    missingPrograms([{ program: 'nats-server', install: 'apt-get install nats-server', oldest: '2.9' }]),
  validate(_settings, _bug, nodes) {
    if (nodes < 2 || nodes > MOST_NODES)
      throw usageError(
        `nats: ${nodes} nodes are not possible. A cluster has two nodes or more, and at most ${MOST_NODES}, because JetStream keeps one replica on each node. Give --nodes 3.`,
      )
  },
}

function weakness({ object, settings, faults }: WeaknessQuestion): string | undefined {
  return joinedClauses([
    faults.includes('power-loss')
      ? 'acknowledged writes are fsynced only every two minutes (sync_interval), so a power loss takes them'
      : '',
    usageText(object, settings, faults),
    settings['data'] === 'wiped' && faults.includes('kill')
      ? 'a server that is killed loses its data, and may vote twice'
      : '',
  ])
}

/**
 * Describes the weakness of a bucket's reads or a queue's deliveries. Streams have none, because polls ask the leader.
 */
function usageText(object: string, settings: Settings, faults: WeaknessQuestion['faults']): string {
  if (object === 'queue')
    return `a message whose acknowledgement does not arrive in ${settings['ack-wait-ms']} ms is handed out again`
  if (object !== 'register') return ''
  if (settings['direct'] !== 'on')
    return 'the leader answers reads without asking whether the others still follow it (direct=off)'
  const behind = faults.includes('kill') ? ', or stay behind after a kill' : ''
  return `any replica answers a read, and may lag${behind} (direct=on)`
}

/**
 * Returns the level that JetStream's documentation promises. A majority stores a write, and reads may be stale; a queue
 * delivers at least once, in any order. With `direct=on`, replicas of NATS 2.9 may stay different after a kill.
 */
function promised({ settings: { data, direct }, object, workload, faults }: PromiseQuestion): string {
  const isDirect = object === 'register' && direct === 'on'
  if ((data === 'wiped' || isDirect) && faults.includes('kill')) return 'nothing'
  // JetStream acknowledges data that it has not fsynced.
  if (faults.includes('power-loss')) return 'nothing'
  return workload === 'stream' ? 'faithful' : 'eventual'
}
