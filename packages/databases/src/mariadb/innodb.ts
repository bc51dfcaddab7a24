import type { PromiseQuestion } from '@chaosproxy/runner'
import { choice, type Setting, type Settings } from '@chaosproxy/workloads'

// The settings and options of a single server. The servers of a Galera cluster have them too.

export const snapshotIsolation: Setting = choice(
  'snapshot-isolation',
  ['off', 'on'],
  'whether to refuse a transaction that writes rows changed since its first read (innodb_snapshot_isolation)',
)

export const flush: Setting = choice(
  'flush',
  [1, 2, 0],
  'innodb_flush_log_at_trx_commit: flush the log at every commit (1), only write it (2), or once a second (0)',
)

/** Returns options as words of a server's command: those that every server has, and those in `own`. */
export const serverWords = (settings: Settings, own: { readonly [option: string]: string }): string[] =>
  Object.entries({
    'bind-address': '{host}',
    // The path is relative to the data directory, because paths of more than 107 characters are refused.
    socket: 'server.sock',
    'pid-file': 'server.pid',
    'skip-name-resolve': 'ON',
    'binlog-format': 'ROW',
    'max-connections': '500',
    'innodb-buffer-pool-size': '16M',
    'innodb-log-file-size': '8M',
    'innodb-flush-log-at-trx-commit': String(settings['flush']),
    ...(settings['snapshot-isolation'] === 'on' ? { 'innodb-snapshot-isolation': 'ON' } : {}),
    'performance-schema': 'OFF',
    ...own,
  }).map(([name, value]) => `--${name}=${value}`)

/** Whether the server refuses a transaction that would overwrite a change which the transaction has not seen. */
export const refusesOverwriting = ({ isolation, ...settings }: Settings): boolean =>
  isolation === 'repeatable-read' && settings['snapshot-isolation'] === 'on'

/** Describes the commits that these faults may lose; empty if they lose none. */
export function forgotten({ flush }: Settings, faults: PromiseQuestion['faults']): string {
  if (flush === 0 && faults.includes('kill')) return 'a crash loses the commits of the last second (flush=0)'
  return flush !== 1 && faults.includes('power-loss')
    ? `a power loss takes the commits of the last second (flush=${flush})`
    : ''
}
