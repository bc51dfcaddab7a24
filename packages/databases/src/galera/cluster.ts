import { nodeNames } from '@chaosproxy/faults'
import {
  chosenMembers,
  type SqlClusterOptions,
  type StartedDeclaration,
  settings as sqlSettings,
} from '@chaosproxy/targets/database'
import { choice, type Setting } from '@chaosproxy/workloads'
import { flush, serverWords, snapshotIsolation } from '../mariadb/innodb.ts'
import { COPY, scriptsOf } from '../sql/scripts.ts'
import type { GaleraPrograms } from './programs.ts'
import { MAKE, SERVE, SERVING } from './scripts.ts'

/**
 * Declares MariaDB servers that all accept writes. A node announces only the port of its group communication. The other
 * nodes take the host from the node's connection. The connection comes through the proxy, so they dial the proxy.
 */
export function galeraCluster({
  nodes,
  settings,
  programs,
  user,
  object,
}: SqlClusterOptions<GaleraPrograms>): StartedDeclaration {
  const script = scriptsOf('galera')
  const ids = nodeNames(nodes)
  const { server, install, client, provider } = programs
  const command = [
    server,
    '--no-defaults',
    ...serverWords(settings, {
      port: '{port}',
      'innodb-autoinc-lock-mode': '2',
      'wsrep-on': 'ON',
      'wsrep-provider': provider,
      'wsrep-cluster-name': 'chaos',
      'wsrep-cluster-address': 'gcomm://{list.peers}',
      'wsrep-node-name': '{node}',
      'wsrep-node-address': '{host}',
      'wsrep-sst-method': 'rsync',
      'wsrep-sst-receive-address': '{listen.sst}',
      'wsrep-sync-wait': String(settings['sync']),
      'wsrep-provider-options': Object.entries(PROVIDER)
        .map(([name, value]) => `${name}=${value}`)
        .join(';'),
    }),
  ]
  return {
    name: 'galera',
    nodes: ids.map((id) => ({ prepare: [id === 'n1' ? script(MAKE, install, ...command) : script(COPY)] })),
    command: script(SERVE, '{number}', ...command),
    ports: ['client', { name: 'group', announced: true }, 'ist', 'sst'],
    lists: { peers: { of: 'peers', each: '{announced.group}' } },
    ownAddresses: true,
    ownSources: true,
    user,
    // A node opens this port before it serves clients, because it first waits for the other nodes.
    ready: { by: 'tcp', port: 'group' },
    before: [
      ['/bin/sh', '-c', SERVING, 'galera', client, ...ids.flatMap((id) => [`{node-host.${id}}`, `{node-port.${id}}`])],
    ],
    client: { kind: 'mariadb', ...chosenMembers(settings, object), reads: 'replicas', writes: 'own' },
    readyWithinMs: 60_000,
  }
}

/**
 * Galera's provider options. With a suspect time-out of 1 s instead of 2 s, a majority that had lost a node did not
 * agree in time.
 */
const PROVIDER = {
  'gmcast.listen_addr': 'tcp://{listen.group}',
  'ist.recv_addr': '{listen.ist}',
  'gcache.size': '16M',
  'evs.keepalive_period': 'PT0.3S',
  'evs.suspect_timeout': 'PT2S',
  'evs.inactive_timeout': 'PT6S',
  'evs.install_timeout': 'PT6S',
  'evs.inactive_check_period': 'PT0.3S',
}

export const settings: readonly Setting[] = [
  choice(
    'sync',
    [0, 1, 7],
    'commands that first wait for what other nodes have committed (wsrep_sync_wait); 0: none; 1: reads; 7: reads and writes',
  ),
  sqlSettings.isolation,
  snapshotIsolation,
  sqlSettings.transfers,
  flush,
]
