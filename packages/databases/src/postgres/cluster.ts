import { nodeNames } from '@chaosproxy/faults'
import {
  chosenMembers,
  commits,
  type SqlClusterOptions,
  type StartedDeclaration,
  settings as sqlSettings,
} from '@chaosproxy/targets/database'
import { choice, type Setting, type Settings } from '@chaosproxy/workloads'
import { scriptsOf } from '../sql/scripts.ts'
import { COPY, MAKE, PROMOTE, REJOIN, ROLE, SERVE, SWEEP } from './scripts.ts'

/** Declares a primary, n1, and standbys that stream from it. */
export function postgresCluster({
  nodes,
  settings,
  programs,
  user,
  object,
}: SqlClusterOptions<string>): StartedDeclaration {
  const ids = nodeNames(nodes)
  const script = scriptsOf('postgres')
  const checksums = settings['checksums'] === 'on' ? ['--data-checksums'] : []
  return {
    name: 'postgres',
    nodes: ids.map((id) => ({
      prepare: [id === 'n1' ? script(MAKE, programs, ...checksums) : script(COPY)],
      files: Object.fromEntries(
        ids.filter((other) => other !== id).map((other) => [`follow-${other}.conf`, conninfo(other)]),
      ),
    })),
    command: script(SERVE, programs, ...serverOptions(settings, ids)),
    user,
    ready: { by: 'log', pattern: 'database system is ready to accept' },
    role: { by: 'command', command: script(ROLE), leads: '^primary', term: '^primary (\\d+)', everyMs: 500 },
    faults: { failover: { do: script(PROMOTE, '{node}'), undo: script(REJOIN) } },
    after: [script(SWEEP)],
    client: {
      kind: 'postgres',
      ...chosenMembers(settings, object),
      ...(typeof settings['local'] === 'number' ? { local: settings['local'] } : {}),
    },
    readyWithinMs: 60_000,
  }
}

const conninfo = (node: string): string =>
  `primary_conninfo = 'host={peer-host.${node}} port={peer-port.${node}} user=postgres application_name={node} connect_timeout=2'\n`

function serverOptions(settings: Settings, ids: readonly string[]): string[] {
  const { commit, synchronous } = settings
  const standbys = commit === 'async' ? '' : `${synchronous} (${ids.join(', ')})`
  const options = {
    port: '{port}',
    listen_addresses: '{host}',
    unix_socket_directories: '',
    // Keeps shared memory in the data directory. By default, it is in /dev/shm, where a killed server leaves it.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '16MB',
    // After a client has timed out, its session may still wait for standbys, and counts as a connection.
    max_connections: '500',
    // Transactions may lock rows in different orders and deadlock. With PostgreSQL's default of one second, clients
    // would time out before the server detects the deadlock.
    deadlock_timeout: '50ms',
    wal_level: 'replica',
    max_wal_senders: '16',
    // Keeps all WAL, because standbys stream from the first segment.
    wal_keep_size: '8GB',
    wal_sender_timeout: '5s',
    wal_receiver_timeout: '5s',
    wal_receiver_status_interval: '1s',
    wal_retrieve_retry_interval: '100ms',
    // A standby applies WAL immediately, even if this cancels queries.
    max_standby_streaming_delay: '0',
    synchronous_commit: commit === 'async' ? 'local' : String(commit),
    synchronous_standby_names: standbys,
    autovacuum: 'off',
    jit: 'off',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

export const settings: readonly Setting[] = [
  {
    name: 'commit',
    summary: "what a commit waits for (synchronous_commit); async: only the primary's disk, no standby",
    default: 'on',
    values: [...commits],
  },
  choice(
    'synchronous',
    ['ANY 1', 'ANY 2', 'FIRST 1', 'FIRST 2'],
    'standbys that a commit waits for, unless commit=async (synchronous_standby_names)',
  ),
  sqlSettings.reads,
  choice(
    'checksums',
    ['off', 'on'],
    'on: create the database with checksums of pages (initdb --data-checksums), so that reading a damaged page is an error',
  ),
  { ...sqlSettings.isolation, default: 'read-committed' },
  sqlSettings.transfers,
  {
    name: 'local',
    summary: 'share of the sessions that commit without waiting for standbys (synchronous_commit = local)',
    default: 0,
    min: 0,
    max: 1,
    fraction: true,
  },
]
