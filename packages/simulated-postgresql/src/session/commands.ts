import type { Table } from '../catalogue/table.ts'
import { define, statementName } from '../define/define.ts'
import { relationOf } from '../define/names.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type ByKind, callByKind, expectKind, type Fields, kindOf, type Node, refuseRest } from '../sql/nodes.ts'
import type { Statement } from '../sql/parse.ts'
import { LOCK_MODES } from '../storage/modes.ts'
import { nextCommand } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import type { SqlValue } from '../types/value.ts'
import { copy } from './copy.ts'
import { close, declare, fetch } from './cursor-commands.ts'
import type { Host } from './host.ts'
import type { Execution, Outcome, ResultColumn } from './session.ts'
import { checkSetting, settingName } from './settings.ts'
import { controlTransaction } from './transaction-control.ts'
import { setDefaultModes, setModes, setSetting, showSetting } from './transaction-settings.ts'

export { endsTransaction } from './transaction-control.ts'

interface Described {
  readonly columns: readonly ResultColumn[] | undefined
  readonly parameterOids: readonly number[]
}

/** Returns the result columns of statements without a plan, such as SHOW. */
export function resultColumnsOf(connection: Host, node: Node): Described {
  if ('VariableShowStmt' in node) return { columns: showColumns(node.VariableShowStmt), parameterOids: [] }
  if ('FetchStmt' in node && node.FetchStmt.ismove !== true)
    return { columns: connection.cursors.get(node.FetchStmt.portalname ?? '')?.columns, parameterOids: [] }
  if ('ExecuteStmt' in node)
    return { columns: connection.prepared.get(node.ExecuteStmt.name ?? '')?.columns, parameterOids: [] }
  return { columns: undefined, parameterOids: [] }
}

export function* executeCommand(connection: Host, statement: Statement, parameters: readonly SqlValue[]): Execution {
  const { node } = statement
  if ('ExecuteStmt' in node) return yield* executePrepared(node.ExecuteStmt, connection)
  if ('FetchStmt' in node) return yield* fetch(node.FetchStmt, connection, statement.sql)
  if ('VariableShowStmt' in node) return show(node.VariableShowStmt, connection)
  if ('CopyStmt' in node) return yield* copy(node.CopyStmt, connection, statement)
  return { kind: 'done', tag: yield* command(connection, statement, parameters) }
}

const COMMANDS: ByKind<
  [connection: Host, statement: Statement, parameters: readonly SqlValue[]],
  Coroutine<string> | string
> = {
  TransactionStmt: controlTransaction,
  VariableSetStmt: set,
  ListenStmt: listen,
  UnlistenStmt: unlisten,
  NotifyStmt: notify,
  PrepareStmt: prepare,
  DeallocateStmt: deallocate,
  DeclareCursorStmt: declare,
  ClosePortalStmt: close,
  DiscardStmt: discard,
  LockStmt: lock,
  ConstraintsSetStmt: setConstraints,
  VacuumStmt: ({ is_vacuumcmd }) => (is_vacuumcmd === true ? 'VACUUM' : 'ANALYZE'),
  DoStmt: (fields, { routines }) => routines.block(fields),
  CheckPointStmt: () => 'CHECKPOINT',
  ExplainStmt: () => {
    throw new NotSupported("EXPLAIN, whose plan follows from PostgreSQL's statistics (leave it out of the run),")
  },
}

function* command(connection: Host, statement: Statement, parameters: readonly SqlValue[]): Coroutine<string> {
  const { node } = statement
  if ('ListenStmt' in node || 'UnlistenStmt' in node || 'NotifyStmt' in node)
    connection.transactions.refuseInStandby(`execute ${statementName(node)} during recovery`, '25006')
  const tag =
    callByKind(COMMANDS, node, connection, statement, parameters) ?? defineInTransaction(connection, statement)
  return typeof tag === 'string' ? tag : yield* tag
}

const NAMES: Readonly<Record<string, string>> = {
  CreateStmt: 'CREATE TABLE',
  IndexStmt: 'CREATE INDEX',
  DropStmt: 'DROP TABLE',
  TruncateStmt: 'TRUNCATE TABLE',
  ViewStmt: 'CREATE VIEW',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
}

function* defineInTransaction(connection: Host, { node, sql }: Statement): Coroutine<string> {
  const transaction = connection.transactions.begin()
  connection.transactions.refuseReadOnly(NAMES[kindOf(node)] ?? statementName(node))
  transaction.isPermanent = true
  const run = connection.runner.newRun(transaction, connection.transactions.takeSnapshot(transaction), [])
  const { witness } = connection.server
  const began = witness?.now()
  try {
    const tag = yield* define(node, connection.planner.newContext(), run)
    if ('TruncateStmt' in node) witness?.emptied(run, { sql, began })
    nextCommand(transaction)
    yield* connection.runner.payOwed(run)
    return tag
  } finally {
    if (transaction.isolation === 'read committed') transaction.snapshot = undefined
  }
}

function showColumns(fields: Fields<'VariableShowStmt'>): readonly ResultColumn[] {
  const text = { oid: OID.text, name: 'text', typmod: -1 }
  const column = (name: string): ResultColumn => ({ name, type: text, tableOid: 0, attribute: 0 })
  return fields.name === 'all'
    ? ['name', 'setting', 'description'].map(column)
    : [column(settingName(fields.name ?? ''))]
}

function show(fields: Fields<'VariableShowStmt'>, connection: Host): Outcome {
  const { name = '', ...rest } = fields
  refuseRest('VariableShowStmt', rest)
  const rows =
    name === 'all'
      ? connection.settings.all().map((setting) => [setting.name, setting.value, ''])
      : [[showSetting(connection, name) ?? '']]
  return { kind: 'rows', tag: 'SHOW', columns: showColumns(fields), rows }
}

function set(fields: Fields<'VariableSetStmt'>, connection: Host): string {
  const { kind, name = '', args, is_local, ...rest } = fields
  refuseRest('VariableSetStmt', rest, ['jumble_args'])
  switch (kind) {
    case 'VAR_SET_MULTI':
      if (name === 'TRANSACTION') setModes(connection, args)
      else if (name === 'SESSION CHARACTERISTICS') setDefaultModes(connection, args)
      else throw new NotSupported(`SET ${name}`)
      return 'SET'
    case 'VAR_SET_VALUE':
      if (is_local === true && !connection.transactions.inBlock)
        connection.notice('WARNING', '25P01', 'SET LOCAL can only be used in transaction blocks')
      setOne(connection, name, (args ?? []).map(settingText).join(', '), is_local === true)
      return 'SET'
    case 'VAR_SET_DEFAULT':
      setSetting(connection, name, undefined, is_local === true)
      return 'SET'
    case 'VAR_RESET':
      setSetting(connection, name, undefined, false)
      return 'RESET'
    case 'VAR_RESET_ALL':
      connection.settings.resetAll()
      return 'RESET'
    default:
      throw new NotSupported('SET FROM CURRENT')
  }
}

/** Sets a setting. The settings `transaction_…` change the open transaction. */
function setOne(connection: Host, name: string, value: string, local: boolean): void {
  const key = name.toLowerCase()
  if (!['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'].includes(key)) {
    setSetting(connection, name, value, local)
    return
  }
  checkSetting(name, value)
  setModes(connection, [{ DefElem: { defname: key, arg: { A_Const: { sval: { sval: value.toLowerCase() } } } } }])
}

function settingText(node: Node): string {
  if ('TypeCast' in node && node.TypeCast.arg !== undefined) return settingText(node.TypeCast.arg)
  const { sval, ival, fval, boolval } = expectKind(node, 'A_Const')
  if (sval !== undefined) return sval.sval ?? ''
  if (fval !== undefined) return fval.fval ?? ''
  if (boolval !== undefined) return boolval.boolval === true ? 'on' : 'off'
  return String(ival?.ival ?? 0)
}

function listen(fields: Fields<'ListenStmt'>, connection: Host): string {
  const { conditionname = '', ...rest } = fields
  refuseRest('ListenStmt', rest)
  if (!connection.channels.has(conditionname)) {
    connection.channels.add(conditionname)
    connection.transactions.begin().current.undo.push(() => connection.channels.delete(conditionname))
  }
  return 'LISTEN'
}

function unlisten(fields: Fields<'UnlistenStmt'>, connection: Host): string {
  const { conditionname, ...rest } = fields
  refuseRest('UnlistenStmt', rest)
  if (conditionname === undefined) connection.channels.clear()
  else connection.channels.delete(conditionname)
  return 'UNLISTEN'
}

function notify(fields: Fields<'NotifyStmt'>, connection: Host): string {
  const { conditionname = '', payload = '', ...rest } = fields
  refuseRest('NotifyStmt', rest)
  connection.queueNotification(conditionname, payload)
  return 'NOTIFY'
}

function* prepare(fields: Fields<'PrepareStmt'>, connection: Host, statement: Statement): Coroutine<string> {
  const { name = '', argtypes, query, ...rest } = fields
  refuseRest('PrepareStmt', rest)
  if (query === undefined) throw new NotSupported('PREPARE of nothing')
  if (connection.prepared.has(name)) throw new SqlError('42P05', `prepared statement "${name}" already exists`)
  const oids = (argtypes ?? []).map((node) => {
    const { oid, domain } = resolveTypeName(expectKind(node, 'TypeName'), connection.context)
    return domain ?? oid
  })
  // Statements with the same text share a plan. The prepared query keeps the text of the whole PREPARE, so that it
  // shares no plan with an ordinary query.
  connection.prepared.set(name, yield* connection.compile({ ...statement, node: query }, oids))
  return 'PREPARE'
}

function* executePrepared(fields: Fields<'ExecuteStmt'>, connection: Host): Execution {
  const { name = '', params, ...rest } = fields
  refuseRest('ExecuteStmt', rest)
  const prepared = connection.prepared.get(name)
  if (prepared === undefined) throw new SqlError('26000', `prepared statement "${name}" does not exist`)
  if ((params ?? []).length !== prepared.parameterOids.length)
    throw new SqlError('42601', `wrong number of parameters for prepared statement "${name}"`, {
      detail: `Expected ${prepared.parameterOids.length} parameters but got ${(params ?? []).length}.`,
    })
  const values = (params ?? []).map((node, at) => connection.planner.evaluate(node, prepared.parameterOids[at] ?? 0))
  return yield* connection.perform(prepared, values)
}

function deallocate(fields: Fields<'DeallocateStmt'>, connection: Host): string {
  const { name, isall, ...rest } = fields
  refuseRest('DeallocateStmt', rest)
  if (isall === true || name === undefined) {
    connection.prepared.clear()
    return 'DEALLOCATE ALL'
  }
  if (!connection.prepared.delete(name)) throw new SqlError('26000', `prepared statement "${name}" does not exist`)
  return 'DEALLOCATE'
}

function discard(fields: Fields<'DiscardStmt'>, connection: Host): string {
  const { target, ...rest } = fields
  refuseRest('DiscardStmt', rest)
  if (target === 'DISCARD_ALL') {
    if (connection.transactions.inBlock)
      throw new SqlError('25001', 'DISCARD ALL cannot run inside a transaction block')
    connection.settings.resetAll()
    connection.prepared.clear()
    connection.cursors.clear()
    connection.channels.clear()
    connection.runner.currentValues.clear()
    connection.transactions.dropTemporaryTables()
    connection.server.store.locks.releaseWhere(connection.backend, (grant) => grant.scope === undefined)
    return 'DISCARD ALL'
  }
  if (target === 'DISCARD_TEMP') connection.transactions.dropTemporaryTables()
  if (target === 'DISCARD_SEQUENCES') connection.runner.currentValues.clear()
  return `DISCARD ${(target ?? '').replace('DISCARD_', '')}`
}

function* lock(fields: Fields<'LockStmt'>, connection: Host): Coroutine<string> {
  const { relations, mode = 8, nowait, ...rest } = fields
  refuseRest('LockStmt', rest)
  if (!connection.transactions.inBlock) throw new SqlError('25P01', 'LOCK TABLE can only be used in transaction blocks')
  const name = LOCK_MODES[mode - 1]
  if (name === undefined) throw new NotSupported('an unknown mode of LOCK')
  const context = connection.planner.newContext()
  for (const node of relations ?? []) {
    const find = (): Table => relationOf(expectKind(node, 'RangeVar'), context)
    if (nowait !== true) yield* connection.runner.lockNamed(find, name)
    else if (!connection.runner.tryLockTable(find(), name))
      throw new SqlError('55P03', `could not obtain lock on relation "${find().name}"`)
  }
  return 'LOCK TABLE'
}

function requireDeferrable(names: readonly string[], { server, transactions }: Host): void {
  const known = server.catalogue
    .visibleTables(transactions.open)
    .flatMap(({ foreignKeys, indexes, checks }) => [
      ...foreignKeys,
      ...indexes.filter(({ constraint }) => constraint),
      ...checks.map(({ name }) => ({ name, deferrable: false })),
    ])
  for (const name of names) {
    const named = known.filter((each) => each.name === name)
    if (named.length === 0) throw new SqlError('42704', `constraint "${name}" does not exist`)
    if (named.some((each) => !each.deferrable)) throw new SqlError('42809', `constraint "${name}" is not deferrable`)
  }
}

function* setConstraints(fields: Fields<'ConstraintsSetStmt'>, connection: Host): Coroutine<string> {
  const { constraints, deferred, ...rest } = fields
  refuseRest('ConstraintsSetStmt', rest)
  const names = constraints?.map((node) => {
    const { relname = '', ...others } = expectKind(node, 'RangeVar')
    refuseRest('RangeVar', others)
    return relname
  }) ?? ['']
  if (constraints !== undefined) requireDeferrable(names, connection)
  if (constraints === undefined) connection.transactions.deferring.clear()
  for (const name of names) connection.transactions.deferring.set(name, deferred === true)
  if (deferred !== true)
    yield* connection.runner.payDeferred((check) => constraints === undefined || names.includes(check.constraint))
  return 'SET CONSTRAINTS'
}
