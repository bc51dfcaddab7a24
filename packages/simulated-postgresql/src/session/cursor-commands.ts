import type { Reading } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { type Direction, fetchRows, readUpTo } from './cursors.ts'
import type { Host } from './host.ts'
import type { Outcome } from './session.ts'

const NO_SCROLL = 0x4
const HOLD = 0x20
const SCROLL = 0x2
const INSENSITIVE = 0x8

/** Executes DECLARE. Reads all rows immediately; with FOR UPDATE, FETCH reads and locks them. */
export function* declare(
  fields: Fields<'DeclareCursorStmt'>,
  connection: Host,
  statement: Statement,
  parameters: readonly SqlValue[],
): Coroutine<string> {
  const { portalname = '', query, options = 0, ...rest } = fields
  refuseRest('DeclareCursorStmt', rest)
  const [hold, forwardOnly] = [(options & HOLD) !== 0, (options & NO_SCROLL) !== 0]
  if (query === undefined || !('SelectStmt' in query))
    throw new NotSupported('a cursor for a statement other than SELECT')
  const isLocking = query.SelectStmt.lockingClause !== undefined
  if (isLocking) requireReadOnce(options)
  if (!connection.transactions.inBlock && !hold)
    throw new SqlError('25P01', 'DECLARE CURSOR can only be used in transaction blocks')
  if (connection.cursors.has(portalname)) throw new SqlError('42P03', `cursor "${portalname}" already exists`)
  const fetched: (readonly SqlValue[])[] = []
  let reading: Reading | undefined
  const compile = (): Plan => {
    const { plan } = connection.planner.compile({ ...statement, node: query }, [])
    if (!isLocking) return plan
    return {
      ...plan,
      *execute(run) {
        if (plan.reading === undefined) throw new NotSupported('FOR UPDATE in a cursor for a query of this kind')
        reading = yield* plan.reading(run)
        return { tag: '', rows: fetched }
      },
    }
  }
  // PostgreSQL reads the remaining rows of a cursor WITH HOLD at the commit, so all rows count as read at once.
  const { rows, plan, reportRead } = yield* connection.runner.run(compile, parameters, statement.sql, !hold)
  connection.cursors.set(portalname, {
    ...{ columns: plan.columns ?? [], rows, position: 0, hold, reportRead },
    forwardOnly: forwardOnly || isLocking,
    reading: reading && (() => readInto(fetched, reading)),
  })
  connection.transactions.begin().current.undo.push(() => connection.cursors.delete(portalname))
  return 'DECLARE CURSOR'
}

/** Refuses cursor options that need to read locked rows again (transformDeclareCursorStmt). */
function requireReadOnce(options: number): void {
  const [name, kind] =
    (options & HOLD) !== 0
      ? ['CURSOR WITH HOLD', 'Holdable']
      : (options & SCROLL) !== 0
        ? ['SCROLL CURSOR', 'Scrollable']
        : []
  if (name !== undefined)
    throw new SqlError('0A000', `DECLARE ${name} ... FOR UPDATE is not supported`, {
      detail: `${kind} cursors must be READ ONLY.`,
    })
  if ((options & INSENSITIVE) !== 0) throw new NotSupported('an INSENSITIVE cursor with FOR UPDATE')
}

/** Reads one row into `fetched`, if there is one. */
function* readInto(fetched: (readonly SqlValue[])[], reading: Reading | undefined): Coroutine<boolean> {
  const row = reading && (yield* reading.next())
  if (row !== undefined) fetched.push(row)
  return row !== undefined
}

/** FETCH and MOVE. */
export function* fetch(fields: Fields<'FetchStmt'>, connection: Host, sql: string): Coroutine<Outcome> {
  const { direction, portalname = '', ismove, ...rest } = fields
  refuseRest('FetchStmt', rest, ['howMany'])
  const howMany = Number(fields.howMany ?? 0)
  const cursor = connection.cursors.get(portalname)
  if (cursor === undefined) throw new SqlError('34000', `cursor "${portalname}" does not exist`)
  const wanted: Direction =
    direction === 'FETCH_ABSOLUTE'
      ? { kind: 'absolute', to: howMany }
      : direction === 'FETCH_RELATIVE'
        ? { kind: 'relative', to: howMany }
        : { kind: direction === 'FETCH_BACKWARD' ? 'backward' : 'forward', count: howMany }
  const { position } = cursor
  yield* readUpTo(cursor, wanted)
  const rows = fetchRows(cursor, wanted, ismove === true)
  if (ismove === true) return { kind: 'done', tag: `MOVE ${rows.length}` }
  cursor.reportRead?.(sql, (all) => fetchRows({ ...cursor, rows: all, position }, wanted, false))
  return { kind: 'rows', tag: `FETCH ${rows.length}`, columns: cursor.columns, rows }
}

export function close(fields: Fields<'ClosePortalStmt'>, connection: Host): string {
  const { portalname, ...rest } = fields
  refuseRest('ClosePortalStmt', rest)
  if (portalname === undefined) {
    connection.cursors.clear()
    return 'CLOSE CURSOR ALL'
  }
  if (!connection.cursors.delete(portalname)) throw new SqlError('34000', `cursor "${portalname}" does not exist`)
  return 'CLOSE CURSOR'
}
