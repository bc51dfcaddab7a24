import { nodeNames } from '@chaosproxy/faults'
import {
  chosenMembers,
  type SqlClusterOptions,
  type StartedDeclaration,
  settings as sqlSettings,
} from '@chaosproxy/targets/database'
import { choice, type Setting, type Settings } from '@chaosproxy/workloads'
import { scriptsOf } from '../sql/scripts.ts'
import { flush, serverWords, snapshotIsolation } from './innodb.ts'
import type { MariadbPrograms } from './programs.ts'
import { COPY, MAKE, PROMOTE, REJOIN, ROLE, SERVE } from './scripts.ts'

/** Declares a primary, n1, and replicas that follow it by GTID. */
export function mariadbCluster({
  nodes,
  settings,
  programs,
  user,
  object,
}: SqlClusterOptions<MariadbPrograms>): StartedDeclaration {
  const ids = nodeNames(nodes)
  const script = scriptsOf('mariadb')
  const { server, install, client } = programs
  return {
    name: 'mariadb',
    nodes: ids.map((id) => ({
      prepare: [id === 'n1' ? script(MAKE, install) : script(COPY)],
      files: {
        // A primary's statements, one per line as `--init-file` requires.
        'lead.sql': [
          `SET GLOBAL rpl_semi_sync_master_enabled = ${settings['commit'] === 'semi-sync' ? 'ON' : 'OFF'};`,
          'SET GLOBAL read_only = OFF;',
        ],
        ...Object.fromEntries(
          ids.filter((other) => other !== id).map((other) => [`follow-${other}.sql`, follow(other)]),
        ),
      },
    })),
    command: script(
      SERVE,
      server,
      '{port}',
      '{number}',
      ...serverWords(settings, {
        'log-bin': 'bin',
        'relay-log': 'relay',
        'log-slave-updates': 'ON',
        'gtid-strict-mode': 'ON',
        'expire-logs-days': '0',
        'slave-net-timeout': '4',
        ...(settings['commit'] === 'semi-sync' ? semiSync(settings) : {}),
      }),
    ),
    user,
    ready: { by: 'log', pattern: 'ready for connections' },
    role: { by: 'command', command: script(ROLE), leads: '^primary', term: '^primary (\\d+)', everyMs: 500 },
    faults: { failover: { do: script(PROMOTE, '{node}', client), undo: script(REJOIN, '{node}', client) } },
    client: { kind: 'mariadb', ...chosenMembers(settings, object) },
    readyWithinMs: 60_000,
  }
}

/**
 * A replica's statements. They disable semi-synchronous commits, because a replica would otherwise wait for other
 * replicas and apply nothing.
 */
const follow = (node: string): readonly string[] => [
  'SET GLOBAL read_only = ON;',
  'SET GLOBAL rpl_semi_sync_master_enabled = OFF;',
  'STOP SLAVE;',
  `CHANGE MASTER TO master_host = '{peer-host.${node}}', master_port = {peer-port.${node}}, master_user = 'keeper', master_password = '', master_use_gtid = slave_pos, master_connect_retry = 1, master_heartbeat_period = 1;`,
  'START SLAVE;',
]

/** Options of semi-synchronous commits. Every node gets them, because every node may become the primary. */
const semiSync = (settings: Settings): { readonly [option: string]: string } => ({
  'rpl-semi-sync-slave-enabled': 'ON',
  'rpl-semi-sync-master-timeout': String(settings['give-up-ms']),
  'rpl-semi-sync-master-wait-point': settings['wait-point'] === 'after-sync' ? 'AFTER_SYNC' : 'AFTER_COMMIT',
})

export const settings: readonly Setting[] = [
  choice(
    'commit',
    ['async', 'semi-sync'],
    "what a commit waits for; async: only the primary's own log; semi-sync: one replica has received it",
  ),
  choice(
    'wait-point',
    ['after-commit', 'after-sync'],
    '(commit=semi-sync only) whether others see a change before a replica has it (rpl_semi_sync_master_wait_point)',
  ),
  {
    name: 'give-up-ms',
    summary:
      '(commit=semi-sync only) how long a commit waits before replication turns async (rpl_semi_sync_master_timeout)',
    default: 10_000,
    min: 1,
    max: 3_600_000,
  },
  sqlSettings.reads,
  sqlSettings.isolation,
  snapshotIsolation,
  sqlSettings.transfers,
  flush,
]
