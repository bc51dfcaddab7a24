import { constraintDefinition } from '../catalogue/constraint-relations.ts'
import { definedColumn, indexDefinition } from '../catalogue/index-definition.ts'
import type { Table } from '../catalogue/table.ts'
import { runOf, waitOnce } from '../execute/run.ts'
import type { Env } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { blockersOf } from '../storage/locks.ts'
import type { Index } from '../storage/model.ts'
import type { LockMode } from '../storage/modes.ts'
import { type Sequence, setValue } from '../storage/sequence.ts'
import { outermost } from '../storage/store.ts'
import { OID } from '../types/oids.ts'
import { Interval, SqlArray, type SqlValue } from '../types/value.ts'
import type { Host } from './host.ts'
import { setSetting, showSetting } from './transaction-settings.ts'

type SessionFunction = (values: readonly SqlValue[], env: Env) => SqlValue

type SessionFunctions = Readonly<Record<string, SessionFunction>>

export function sessionFunctions(connection: Host): ReadonlyMap<string, SessionFunction> {
  const functions: SessionFunctions = {
    ...sequenceFunctions(connection),
    ...advisoryFunctions(connection),
    ...sleepFunctions(connection),
    ...settingFunctions(connection),
    ...indexFunctions(connection),
    ...schemaFunctions(connection),
    ...commentFunctions(connection),
    has_schema_privilege_name: ([schema = null, privilege = null]) =>
      mayUse(connection, String(schema), String(privilege)),
  }
  return new Map(Object.entries(functions))
}

function schemaFunctions({ names }: Host): SessionFunctions {
  return {
    current_schema: () => names.schemas(false)[0] ?? null,
    current_schemas: ([implicit]) => new SqlArray(OID.name, [...names.schemas(implicit === true)]),
  }
}

function commentFunctions({ server, transactions }: Host): SessionFunctions {
  const { comments, preserved } = server.catalogue
  const find = (relation: string, oid: SqlValue, column: SqlValue): string | undefined =>
    preserved.seenBy(transactions.open, () => comments.get(`${relation} ${oid} ${column}`))
  /**
   * Returns null for an object without a comment. Throws NotSupported if its comment may be stored by a key other than
   * its oid.
   */
  const orNull = (relation: string): null => {
    if (relation === 'pg_class' || relation === 'pg_type') return null
    for (const key of comments.keys())
      if (key.startsWith('OBJECT_')) throw new NotSupported(`the comment of an object in ${relation}`)
    return null
  }
  return {
    obj_description: ([oid = null, relation]) => {
      if (relation !== undefined) return find(String(relation), oid, 0) ?? orNull(String(relation))
      return find('pg_class', oid, 0) ?? find('pg_type', oid, 0) ?? orNull('pg_description')
    },
    col_description: ([oid = null, column = null]) => find('pg_class', oid, column) ?? null,
    shobj_description: ([, relation]) => orNull(String(relation)),
  }
}

/** Privileges are not simulated, so every known privilege is granted. */
function mayUse({ server, transactions }: Host, schema: string, privilege: string): boolean {
  if (!server.catalogue.hasSchema(schema, transactions.open))
    throw new SqlError('3F000', `schema "${schema}" does not exist`)
  if (/^\s*(usage|create)(\s+with grant option)?\s*$/i.test(privilege)) return true
  throw new SqlError('22023', `unrecognized privilege type: "${privilege}"`)
}

function indexFunctions(host: Host): SessionFunctions {
  const { server, transactions } = host
  const seen = <T>(read: () => T): T => server.catalogue.preserved.seenBy(transactions.open, read)
  const indexOf = (oid: SqlValue, print: (index: Index, table: Table) => string): SqlValue => {
    const found = server.catalogue.indexByOid(Number(oid), transactions.open)
    return found === undefined ? null : seen(() => print(found.index, found.table))
  }
  const constraintOf = (oid: SqlValue): SqlValue =>
    seen(() =>
      constraintDefinition(Number(oid), {
        ...{ catalogue: server.catalogue, own: transactions.open, types: host.context.types },
        relationName: (relation) => host.context.relationName?.(relation),
      }),
    )
  return {
    pg_get_indexdef: ([oid = null]) => indexOf(oid, indexDefinition),
    pg_get_constraintdef: ([oid = null]) => constraintOf(oid),
    pg_get_constraintdef_ext: ([oid = null, pretty = null]) => {
      if (pretty === true) throw new NotSupported('pg_get_constraintdef(…, true)')
      return constraintOf(oid)
    },
    pg_get_expr: ([tree = null]) => tree,
    pg_get_expr_ext: ([tree = null]) => tree,
    pg_get_indexdef_ext: ([oid = null, position = null]) =>
      indexOf(oid, (index, table) => {
        if (Number(position) !== 0) return definedColumn(index, table, Number(position))
        throw new NotSupported('pg_get_indexdef(…, 0, …)')
      }),
  }
}

const USED: LockMode = 'RowExclusiveLock'

function sequenceFunctions(connection: Host): SessionFunctions {
  const find = (oid: SqlValue): Sequence => {
    const found = connection.server.catalogue.relationByOid(Number(oid), connection.transactions.open)
    if (found !== undefined && !('columns' in found)) return found
    throw found === undefined
      ? new SqlError('XX000', `could not open relation with OID ${oid}`)
      : new SqlError('42809', `"${found.name}" is not a sequence`)
  }
  /** Locks the sequence against DROP until the end of the transaction, even after a rollback to a savepoint. */
  const used = (oid: SqlValue): Sequence => {
    const { server, backend, runner } = connection
    const sequence = find(oid)
    const whole = outermost(connection.transactions.begin())
    if (!server.store.locks.holds(backend, sequence, USED) && !runner.tryLockTable(sequence, USED, whole))
      waitOnce(function* () {
        yield* runner.lockTable(sequence, USED, whole)
      })
    return find(oid)
  }
  const set = (oid: SqlValue, value: SqlValue, isCalled: boolean): SqlValue => {
    const sequence = used(oid)
    connection.transactions.refuseReadOnly('setval()')
    setValue(sequence, value as bigint, isCalled)
    if (isCalled) connection.runner.noteValue(sequence, sequence.lastValue)
    return value
  }
  return {
    nextval_oid: ([oid = null], env) => runOf(env).nextValue(used(oid)),
    currval_oid: ([oid = null]) => {
      const sequence = find(oid)
      const value = connection.runner.currentValues.get(sequence)
      if (value !== undefined) return value
      throw new SqlError('55000', `currval of sequence "${sequence.name}" is not yet defined in this session`)
    },
    lastval: () => {
      const last = connection.runner.lastSequence
      const value = last === undefined ? undefined : connection.runner.currentValues.get(last)
      if (value !== undefined) return value
      throw new SqlError('55000', 'lastval is not yet defined in this session')
    },
    setval_oid: ([oid = null, value = null]) => set(oid, value, true),
    setval3_oid: ([oid = null, value = null, isCalled = null]) => set(oid, value, isCalled === true),
    pg_get_serial_sequence: ([table = null, column = null]) =>
      connection.names.serialSequence(String(table), String(column)) ?? null,
  }
}

/** `pg_advisory_lock(bigint)` and `pg_advisory_lock(int, int)` never lock the same key. */
function advisoryKey(values: readonly SqlValue[]): { tag: string; name: string; event: string } {
  const [first = null, second] = values
  const numbers =
    second === undefined
      ? [BigInt.asUintN(32, (first as bigint) >> 32n), BigInt.asUintN(32, first as bigint), 1n]
      : [BigInt.asUintN(32, BigInt(Number(first))), BigInt.asUintN(32, BigInt(Number(second))), 2n]
  const text = ['5', ...numbers].join(',')
  return { tag: `advisory ${text}`, name: `advisory lock [${text}]`, event: 'advisory' }
}

function advisoryFunctions(connection: Host): SessionFunctions {
  const { store } = connection.server
  const functions: Record<string, SessionFunction> = {}
  for (const width of ['int8', 'int4'] as const)
    for (const shared of [false, true]) {
      const mode: LockMode = shared ? 'ShareLock' : 'ExclusiveLock'
      const suffix = `${shared ? '_shared' : ''}_${width}`
      for (const ofTransaction of [false, true]) {
        const scope = () => (ofTransaction ? connection.transactions.open?.current : undefined)
        const xact = ofTransaction ? 'xact_' : ''
        functions[`pg_advisory_${xact}lock${suffix}`] = (values) => {
          const key = advisoryKey(values)
          waitOnce(() => store.waiting.lock(connection.backend, key, mode, scope()))
          return ''
        }
        functions[`pg_try_advisory_${xact}lock${suffix}`] = (values) =>
          store.waiting.tryLock(connection.backend, advisoryKey(values), mode, scope())
      }
      functions[`pg_advisory_unlock${suffix}`] = (values) => {
        if (store.locks.release(connection.backend, advisoryKey(values).tag, mode, undefined)) return true
        connection.notice('WARNING', '01000', `you don't own a lock of type ${mode}`)
        return false
      }
    }
  return {
    ...functions,
    pg_advisory_unlock_all: () => {
      store.locks.releaseWhere(
        connection.backend,
        (grant) => grant.scope === undefined && typeof grant.lock.tag === 'string',
      )
      return ''
    },
  }
}

function sleepFunctions(connection: Host): SessionFunctions {
  const { store } = connection.server
  const sleep = (micros: number): SqlValue => {
    if (micros > 0)
      waitOnce(() =>
        store.waiting.wait(connection.backend, 'PgSleep', 'sleep', (settle) =>
          store.time.after(micros, () => settle()),
        ),
      )
    return ''
  }
  return {
    pg_sleep: ([seconds = null]) => sleep(Math.round(Number(seconds) * 1_000_000)),
    pg_sleep_for: ([interval = null]) => {
      if (!(interval instanceof Interval)) return null
      const days = interval.months * 30 + interval.days
      return sleep(days * 86_400_000_000 + Number(interval.micros))
    },
    pg_sleep_until: ([time = null]) => sleep(Number((time as bigint) - store.time.now())),
  }
}

function settingFunctions(connection: Host): SessionFunctions {
  const current = (name: SqlValue, missingOk: boolean): SqlValue =>
    showSetting(connection, String(name), missingOk) ?? null
  return {
    show_config_by_name: ([name = null]) => current(name, false),
    show_config_by_name_missing_ok: ([name = null, missing = null]) => current(name, missing === true),
    set_config_by_name: ([name = null, value = null, local = null]) => {
      if (name === null) throw new SqlError('22004', 'SET requires parameter name')
      setSetting(connection, String(name), value === null ? undefined : String(value), local === true)
      return value ?? ''
    },
    pg_backend_pid: () => connection.pid,
    pg_notify: ([channel = null, payload = null]) => {
      connection.queueNotification(String(channel ?? ''), String(payload ?? ''))
      return ''
    },
    pg_current_xact_id: () =>
      BigInt(connection.server.store.xidOf(connection.backend, outermost(connection.transactions.begin()))),
    pg_current_xact_id_if_assigned: () => {
      const { xid } = outermost(connection.transactions.begin())
      return xid === 0 ? null : BigInt(xid)
    },
    pg_terminate_backend: ([pid = null]) => connection.terminate(Number(pid)),
    pg_cancel_backend: ([pid = null]) => connection.cancel(Number(pid)),
    pg_blocking_pids: ([pid = null]) => {
      const waiter = connection.server.connections.get(Number(pid))?.activity.backend.waiter
      const blockers = waiter === undefined ? [] : blockersOf(waiter).map(({ holder }) => holder.pid)
      return new SqlArray(OID.int4, [...new Set(blockers)])
    },
    pg_is_in_recovery: () => connection.server.isStandby,
    pg_postmaster_start_time: () => connection.server.store.begunAt,
  }
}
