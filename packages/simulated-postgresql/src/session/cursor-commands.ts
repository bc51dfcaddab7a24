import type { Plan } from '../execute/plan.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import type { SqlValue } from '../types/value.ts'
import { type Direction, fetchRows } from './cursors.ts'
import type { Host } from './host.ts'
import type { Outcome, Wait } from './session.ts'

/** CURSOR_OPT_NO_SCROLL and CURSOR_OPT_HOLD of PostgreSQL's parsenodes.h. */
const NO_SCROLL = 0x4
const HOLD = 0x20

/** DECLARE: reads its rows at once. */
export function* declare(
  connection: Host,
  fields: Fields<'DeclareCursorStmt'>,
  statement: Statement,
  parameters: readonly SqlValue[],
): Generator<Wait, string, void> {
  const {
    portalname = '',
    query,
    options = 0,
  } = fieldsOf('DeclareCursorStmt', fields, ['portalname', 'query', 'options'])
  const [hold, forwardOnly] = [(options & HOLD) !== 0, (options & NO_SCROLL) !== 0]
  if (query === undefined || !('SelectStmt' in query)) throw new NotSupported('a cursor of this statement')
  if (query.SelectStmt.lockingClause !== undefined) throw new NotSupported('FOR UPDATE in a cursor')
  if (!connection.transactions.inBlock && !hold)
    throw new SqlError('25P01', 'DECLARE CURSOR can only be used in transaction blocks')
  if (connection.cursors.has(portalname)) throw new SqlError('42P03', `cursor "${portalname}" already exists`)
  const compile = (): Plan => connection.planner.compile({ ...statement, node: query }, []).plan
  // One that outlives its transaction is read at the commit.
  const { rows, plan, tellRead } = yield* connection.runner.run(compile, parameters, statement.sql, !hold)
  connection.cursors.set(portalname, { columns: plan.columns ?? [], rows, position: 0, hold, forwardOnly, tellRead })
  connection.transactions.begin(false).current.undo.push(() => connection.cursors.delete(portalname))
  return 'DECLARE CURSOR'
}

/** FETCH and MOVE. */
export function fetch(connection: Host, fields: Fields<'FetchStmt'>, sql: string): Outcome {
  const {
    direction,
    portalname = '',
    ismove,
  } = fieldsOf('FetchStmt', fields, ['direction', 'howMany', 'portalname', 'ismove', 'howMany'])
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
  const rows = fetchRows(cursor, wanted, ismove === true)
  if (ismove === true) return { kind: 'done', tag: `MOVE ${rows.length}` }
  cursor.tellRead?.(sql, (all) => fetchRows({ ...cursor, rows: all, position }, wanted, false))
  return { kind: 'rows', tag: `FETCH ${rows.length}`, columns: cursor.columns, rows }
}

export function close(connection: Host, fields: Fields<'ClosePortalStmt'>): string {
  const { portalname } = fieldsOf('ClosePortalStmt', fields, ['portalname'])
  if (portalname === undefined) {
    connection.cursors.clear()
    return 'CLOSE CURSOR ALL'
  }
  if (!connection.cursors.delete(portalname)) throw new SqlError('34000', `cursor "${portalname}" does not exist`)
  return 'CLOSE CURSOR'
}
