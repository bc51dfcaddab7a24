import { NotSupported } from '../sql/error.ts'
import type { LockMode } from '../storage/modes.ts'
import { firstBytes } from '../types/utf8.ts'
import type { SqlValue } from '../types/value.ts'
import {
  type Activity,
  always,
  type CatalogueView,
  type Field,
  type Relation,
  relation,
  type ServerView,
} from './relation.ts'

/** The oid of the database `postgres` in PostgreSQL. The simulated database has this oid, whatever its name. */
export const DATABASE_OID = 5

/** The number of bytes of a query that are shown: `track_activity_query_size` minus the terminating byte. */
const SHOWN_BYTES = 1023

/** The background processes of a server, each with the event that it waits for. */
const PROCESSES: readonly (readonly [type: string, event: string])[] = [
  ['checkpointer', 'CheckpointerMain'],
  ['background writer', 'BgWriterMain'],
  ['walwriter', 'WalWriterMain'],
  ['autovacuum launcher', 'AutoVacuumMain'],
  ['logical replication launcher', 'LogicalLauncherMain'],
]

/** The pid of the first background process. The pids of sessions follow. */
const FIRST_PROCESS = 90

interface Process {
  readonly pid: number
  readonly type: string
  readonly begunAt: bigint
  waitsFor(): readonly [type: string | null, event: string | null]
  readonly session?: Activity
}

function processesOf(_: CatalogueView, server: ServerView): readonly Process[] {
  if (server.isReplicated) throw new NotSupported('pg_stat_activity on a server with a standby')
  return [
    ...PROCESSES.map(
      ([type, event], at): Process => ({
        ...{ pid: FIRST_PROCESS + at, type, begunAt: server.store.begunAt },
        waitsFor: () => ['Activity', event],
      }),
    ),
    ...server.activitySeen().map((session): Process => ({ ...session, type: 'client backend', session })),
  ]
}

/**
 * Returns a column with a value for each session. Background processes have no session, so the column is NULL for them.
 */
const ofSession = (
  name: string,
  type: string,
  value: (session: Activity, view: CatalogueView) => SqlValue,
): Field<Process> => [name, type, ({ session }, view) => (session === undefined ? null : value(session, view))]

/** @param numberOf returns the oid of a role */
export const pgStatActivity = (numberOf: (role: string, view: CatalogueView) => number): Relation =>
  relation('pg_stat_activity', processesOf, [
    ofSession('datid', 'oid', () => DATABASE_OID),
    ofSession('datname', 'name', (_, { database }) => database),
    ['pid', 'int4', 'pid'],
    ...always('int4', null, 'leader_pid'),
    ofSession('usesysid', 'oid', ({ user }, view) => numberOf(user, view)),
    ofSession('usename', 'name', ({ user }) => user),
    ['application_name', 'text', ({ session }) => session?.application ?? ''],
    // The engine does not know the addresses of clients. The three columns have the values of a client that uses a Unix
    // socket.
    ...always('inet', null, 'client_addr'),
    ...always('text', null, 'client_hostname'),
    ofSession('client_port', 'int4', () => -1),
    ['backend_start', 'timestamptz', 'begunAt'],
    ofSession('xact_start', 'timestamptz', ({ transactionStart }) => transactionStart),
    ofSession('query_start', 'timestamptz', ({ queryStart }) => queryStart),
    ofSession('state_change', 'timestamptz', ({ stateChange }) => stateChange),
    ['wait_event_type', 'text', (process) => process.waitsFor()[0]],
    ['wait_event', 'text', (process) => process.waitsFor()[1]],
    ofSession('state', 'text', ({ state }) => state),
    ofSession('backend_xid', 'xid', ({ xid }) => xid),
    ofSession('backend_xmin', 'xid', ({ xmin }) => xmin),
    ...always('int8', null, 'query_id'),
    ['query', 'text', ({ session }) => firstBytes(session?.query ?? '', SHOWN_BYTES)],
    ['backend_type', 'text', 'type'],
  ])

interface LockRow {
  readonly session: Activity
  readonly target: Readonly<Record<string, string | undefined>>
  readonly mode: LockMode
  readonly granted: boolean
  readonly fastpath: boolean
  readonly waitStart: bigint | null
}

/** Patterns for the descriptions of locks, which have the form of PostgreSQL's function `DescribeLockTag`. */
const TARGETS: Readonly<Record<string, RegExp>> = {
  relation: /^relation (?<relation>\d+) of database (?<database>\d+)$/,
  tuple: /^tuple \((?<page>\d+),(?<tuple>\d+)\) of relation (?<relation>\d+) of database (?<database>\d+)$/,
  transactionid: /^transaction (?<transactionid>\d+)$/,
  object: /^object (?<objid>\d+) of class (?<classid>\d+) of database (?<database>\d+)$/,
  advisory: /^advisory lock \[(?<database>\d+),(?<classid>\d+),(?<objid>\d+),(?<objsubid>\d+)\]$/,
}

function targetOf(name: string): LockRow['target'] {
  for (const [locktype, form] of Object.entries(TARGETS)) {
    const groups = form.exec(name)?.groups
    if (groups !== undefined) return { ...(locktype === 'object' ? { objsubid: '0' } : {}), ...groups, locktype }
  }
  throw new Error(`pg_locks does not know ${name}`)
}

function locksOf(session: Activity): readonly LockRow[] {
  const { grants, waiter, waits } = session.backend
  const held = grants.filter(
    ({ lock, mode }, at) => grants.findIndex((each) => each.lock === lock && each.mode === mode) === at,
  )
  const granted = { session, granted: true, fastpath: true, waitStart: null }
  return [
    // Every transaction has a lock on its virtual transaction id, even before its first write.
    ...(session.transactionStart === null
      ? []
      : [
          {
            ...granted,
            target: { locktype: 'virtualxid', virtualxid: session.virtualTransaction },
            mode: 'ExclusiveLock' as const,
          },
        ]),
    ...held.map(({ lock, mode, isAlone }) => {
      const target = targetOf(lock.name)
      return { ...granted, target, mode, fastpath: isAlone && target['locktype'] === 'relation' }
    }),
    ...(waiter === undefined
      ? []
      : [
          {
            ...{ session, target: targetOf(waiter.lock.name), mode: waiter.mode },
            ...{ granted: false, fastpath: false, waitStart: waits?.since ?? null },
          },
        ]),
  ]
}

const targetFields = (type: string, ...names: readonly string[]): readonly Field<LockRow>[] =>
  names.map((name) => [
    name,
    type,
    ({ target: { [name]: value } }) => (value === undefined ? null : type === 'text' ? value : Number(value)),
  ])

/**
 * The view `pg_locks`. It lacks the locks on indexes and on the catalogue, because no session of this server waits for
 * them.
 */
export const pgLocks: Relation = relation<LockRow>(
  'pg_locks',
  (_, { store, activity }) => {
    if (store.serializable.isUsed) throw new NotSupported('pg_locks while serializable transactions read')
    return activity().flatMap(locksOf)
  },
  [
    ...targetFields('text', 'locktype'),
    ...targetFields('oid', 'database', 'relation'),
    ...targetFields('int4', 'page'),
    ...targetFields('int2', 'tuple'),
    ...targetFields('text', 'virtualxid'),
    ...targetFields('xid', 'transactionid'),
    ...targetFields('oid', 'classid', 'objid'),
    ...targetFields('int2', 'objsubid'),
    ['virtualtransaction', 'text', ({ session }) => session.virtualTransaction],
    ['pid', 'int4', ({ session }) => session.pid],
    ['mode', 'text', 'mode'],
    ['granted', 'bool', 'granted'],
    ['fastpath', 'bool', 'fastpath'],
    ['waitstart', 'timestamptz', 'waitStart'],
  ],
)
