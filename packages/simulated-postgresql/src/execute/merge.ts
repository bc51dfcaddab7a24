import type { Table } from '../catalogue/table.ts'
import type { Compiled } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import type { Tuple } from '../storage/model.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import { conjuncts } from './conditions.ts'
import type { Context } from './context.ts'
import { deleteVersion } from './delete.ts'
import { compileFrom, type From, scanOf } from './from.ts'
import { insertOne, refuseAlways, targetColumns } from './insert.ts'
import { lockToWrite, stillFulfils } from './locking.ts'
import type { JoinedRow, ModificationPlan, Relation, Run, TableFacts } from './model.ts'
import { executionOf } from './modification.ts'
import { compileReturning, targetTable } from './returning.ts'
import { emptyRow } from './rows.ts'
import { evaluating } from './run.ts'
import { envOf, isTrue, QueryScope } from './scope.ts'
import { compileFacts } from './table-facts.ts'
import { TableScan } from './table-scan.ts'
import { type Assignment, compileAssignments, updateVersion } from './update.ts'
import { compileWith } from './with.ts'
import { assignedLock } from './write-rows.ts'

type MatchKind = 'matched' | 'not matched by source' | 'not matched'

type Change =
  | { readonly kind: 'INSERT'; readonly values: readonly (Compiled | undefined)[] }
  | { readonly kind: 'UPDATE'; readonly assignments: readonly Assignment[] }
  | { readonly kind: 'DELETE' | 'NOTHING' }

interface Action {
  readonly when: MatchKind
  readonly condition: Compiled | undefined
  readonly change: Change
}

interface Merge {
  readonly scan: TableScan
  readonly source: From
  readonly on: readonly Compiled[]
  readonly actions: readonly Action[]
  readonly facts: TableFacts
  /** The scan of all target rows, for the actions on target rows without a match. */
  readonly unmatched: TableScan | undefined
}

interface Done {
  readonly row: JoinedRow
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE'
}

export function compileMerge(
  fields: Fields<'MergeStmt'>,
  context: Context,
  names: QueryScope | undefined,
): ModificationPlan {
  const { relation, sourceRelation, joinCondition, mergeWhenClauses, returningClause, withClause, ...rest } = fields
  refuseRest('MergeStmt', rest)
  const scope = new QueryScope(context, undefined, names)
  const prepare = compileWith(withClause, scope, fields)
  const { schemaname, relname = '' } = relation ?? {}
  if (context.table(schemaname, relname)?.materialized !== undefined)
    throw new SqlError('0A000', `cannot execute MERGE on relation "${relname}"`)
  const table = targetTable(relation, scope)
  if (sourceRelation === undefined) throw new NotSupported('MERGE without a source')
  const source = compileFrom([sourceRelation], scope)
  const sources = [...scope.relations]
  const scan = scanOf(table, relation?.alias, scope, true)
  scope.columns = [...source.item.columns, ...scan.columns]
  const conditions = conjuncts(joinCondition)
  const on = conditions.map((each) => context.condition(each, scope, 'JOIN/ON'))
  for (const each of conditions) scan.narrow(each, scope)
  const facts = compileFacts(table, context)
  const scopes: Readonly<Record<MatchKind, QueryScope>> = {
    matched: scope,
    'not matched': narrowed(scope, sources),
    'not matched by source': narrowed(scope, [scan.relation]),
  }
  const actions = compileActions(mergeWhenClauses ?? [], table, facts, scopes)
  const actionSlot = scope.width++
  scope.onNode = (node) => ('MergeSupportFunc' in node ? valueAt(context.type(OID.text), actionSlot) : undefined)
  const returning = compileReturning(returningClause, scope)
  const unmatched = actions.some(({ when }) => when === 'not matched by source')
    ? new TableScan(table, scan.relation, false)
    : undefined
  const merge: Merge = { scan, source, on, actions, facts, unmatched }
  return executionOf({
    ...{ prepare, facts, kinds: kindsOf(actions), returning },
    find: (run) => joined(merge, scope, run),
    *change(found, run) {
      const done = yield* mergeOne(merge, found, run)
      for (const { row, kind } of done) row.values[actionSlot] = kind
      return done.map(({ row }) => row)
    },
    endsVersions: true,
  })
}

/** Returns the kinds of the actions, in the order in which their statement triggers fire. */
function kindsOf(actions: readonly Action[]): readonly ('INSERT' | 'UPDATE' | 'DELETE')[] {
  return (['INSERT', 'UPDATE', 'DELETE'] as const).filter((kind) => actions.some(({ change }) => change.kind === kind))
}

/** Returns a scope in which only the names of these relations are visible. */
function narrowed(scope: QueryScope, relations: readonly Relation[]): QueryScope {
  const narrow = new QueryScope(scope.context, undefined, scope)
  narrow.relations.push(...relations)
  narrow.columns = scope.columns.filter((column) => relations.some((each) => each.columns.includes(column)))
  return narrow
}

const KINDS: Readonly<Record<string, MatchKind>> = {
  MERGE_WHEN_MATCHED: 'matched',
  MERGE_WHEN_NOT_MATCHED_BY_SOURCE: 'not matched by source',
  MERGE_WHEN_NOT_MATCHED_BY_TARGET: 'not matched',
}

function compileActions(
  nodes: readonly Node[],
  table: Table,
  facts: TableFacts,
  scopes: Readonly<Record<MatchKind, QueryScope>>,
): readonly Action[] {
  const actions: Action[] = []
  const unconditional = new Set<MatchKind>()
  for (const node of nodes) {
    const clause = expectKind(node, 'MergeWhenClause')
    const { matchKind, condition: given, ...rest } = clause
    refuseRest('MergeWhenClause', rest, ['commandType', 'targetList', 'values', 'override'])
    const when = KINDS[matchKind ?? '']
    if (when === undefined) throw new NotSupported(`${matchKind} of MERGE`)
    if (unconditional.has(when))
      throw new SqlError('42601', 'unreachable WHEN clause specified after unconditional WHEN clause')
    if (given === undefined) unconditional.add(when)
    const scope = scopes[when]
    const condition = given && scope.context.condition(given, scope, 'MERGE WHEN AND')
    actions.push({ when, condition, change: compileChange(clause, table, facts, scope) })
  }
  const updates = actions.filter(({ change }) => change.kind === 'UPDATE')
  if (updates.length > 1 && facts.triggers.some(({ trigger }) => trigger.columns.length > 0))
    throw new NotSupported('MERGE with several UPDATE actions on a table with an UPDATE OF trigger')
  return actions
}

function compileChange(
  { commandType, targetList, values, override }: Fields<'MergeWhenClause'>,
  table: Table,
  facts: TableFacts,
  scope: QueryScope,
): Change {
  switch (commandType) {
    case 'CMD_NOTHING':
      return { kind: 'NOTHING' }
    case 'CMD_DELETE':
      return { kind: 'DELETE' }
    case 'CMD_UPDATE': {
      const assignments = compileAssignments(targetList ?? [], table, scope)
      for (const { place } of assignments) facts.assigned.add(place)
      return { kind: 'UPDATE', assignments }
    }
    case 'CMD_INSERT':
      return { kind: 'INSERT', values: compileInserted(targetList, values, override, table, facts, scope) }
    default:
      throw new NotSupported(`${commandType} of MERGE`)
  }
}

/** Compiles the values of a new row, by column index; undefined for NULL. */
function compileInserted(
  targetList: readonly Node[] | undefined,
  values: readonly Node[] | undefined,
  override: Fields<'MergeWhenClause'>['override'],
  table: Table,
  facts: TableFacts,
  scope: QueryScope,
): readonly (Compiled | undefined)[] {
  const all = targetColumns(targetList, table)
  const given = values ?? []
  if (given.length > all.length) throw new SqlError('42601', 'INSERT has more expressions than target columns')
  if (values !== undefined && targetList !== undefined && given.length < all.length)
    throw new SqlError('42601', 'INSERT has more target columns than expressions')
  const columns = all.slice(0, given.length)
  const list: Node = { SelectStmt: { valuesLists: [{ List: { items: [...given] } }] } as Fields<'SelectStmt'> }
  if (override === 'OVERRIDING_NOT_SET') refuseAlways(columns, list)
  const compiled: (Compiled | undefined)[] = [...facts.defaults]
  scope.place = 'VALUES'
  for (const [at, column] of columns.entries()) {
    const node = given[at]
    if (node === undefined || 'SetToDefault' in node) continue
    if (override === 'OVERRIDING_USER_VALUE' && column.identity !== undefined) continue
    compiled[column.attribute - 1] = scope.context.assigned(node, scope, column)
  }
  return compiled
}

/** A row of the join: a matched pair, or a target row or source row without a match. */
interface Found {
  readonly row: JoinedRow
  readonly when: MatchKind
}

/** Returns the joined rows that the statement's snapshot shows. */
function* joined(merge: Merge, scope: QueryScope, run: Run): Coroutine<readonly Found[]> {
  const { scan, source, on, unmatched } = merge
  const found: Found[] = []
  const met = new Set<Tuple>()
  for (const left of yield* source.item.extend(run, undefined, emptyRow(scope))) {
    const before = found.length
    for (const row of yield* scan.extend(run, undefined, left)) {
      const env = envOf(row, undefined, run)
      if (!(yield* evaluating(() => on.every((condition) => isTrue(condition, env))))) continue
      const tuple = row.tuples[scan.relation.tuple]
      if (tuple !== undefined) met.add(tuple)
      found.push({ row, when: 'matched' })
    }
    if (found.length === before) found.push({ row: left, when: 'not matched' })
  }
  for (const row of unmatched === undefined ? [] : yield* unmatched.extend(run, undefined, emptyRow(scope))) {
    const tuple = row.tuples[scan.relation.tuple]
    if (tuple !== undefined && !met.has(tuple)) found.push({ row, when: 'not matched by source' })
  }
  return found
}

function* chosen(merge: Merge, when: MatchKind, row: JoinedRow, run: Run): Coroutine<Change | undefined> {
  const env = envOf(row, undefined, run)
  return yield* evaluating(
    () =>
      merge.actions.find(
        (action) => action.when === when && (action.condition === undefined || isTrue(action.condition, env)),
      )?.change,
  )
}

function* mergeOne(merge: Merge, { row, when }: Found, run: Run): Coroutine<readonly Done[]> {
  if (when === 'not matched') return yield* insertFor(merge, row, run)
  const outcome = yield* change(merge, row, when, run)
  if (outcome.kind === 'changed') return [outcome.done]
  if (outcome.kind === 'nothing') return []
  // A concurrent transaction broke the match, so neither the source row nor the target row has a match now.
  const { slot, tuple } = slotsOf(merge.scan.relation)
  const alone = outcome.target
  const bySource =
    alone === undefined ? undefined : yield* change(merge, part(alone, slot, tuple), 'not matched by source', run)
  const inserted = yield* insertFor(
    merge,
    part(
      row,
      (at) => !slot(at),
      (at) => !tuple(at),
    ),
    run,
  )
  return bySource?.kind === 'changed' ? [bySource.done, ...inserted] : inserted
}

type Chooses = (at: number) => boolean

function slotsOf({ columns, tuple, system }: Relation): { readonly slot: Chooses; readonly tuple: Chooses } {
  const slots = new Set([...columns, ...(system?.columns ?? [])].map((column) => column.slot))
  return { slot: (at) => slots.has(at), tuple: (at) => at === tuple }
}

/**
 * Returns a copy of the row that contains only the values whose index `slot` accepts and the tuples whose index `tuple`
 * accepts.
 */
function part(row: JoinedRow, slot: Chooses, tuple: Chooses): JoinedRow {
  return {
    values: row.values.map((value, at) => (slot(at) ? value : null)),
    tuples: row.tuples.map((each, at) => (tuple(at) ? each : undefined)),
  }
}

function* insertFor(merge: Merge, row: JoinedRow, run: Run): Coroutine<readonly Done[]> {
  const chosenChange = yield* chosen(merge, 'not matched', row, run)
  if (chosenChange?.kind !== 'INSERT') return []
  const env = envOf(row, undefined, run)
  const values = yield* evaluating(() => chosenChange.values.map((compiled) => compiled?.evaluate(env) ?? null))
  const tuple = yield* insertOne(merge.facts, values, undefined, run)
  return tuple === undefined ? [] : [{ row: merge.scan.place(row, tuple), kind: 'INSERT' }]
}

type Outcome =
  | { readonly kind: 'changed'; readonly done: Done }
  | { readonly kind: 'nothing' }
  /** A concurrent transaction deleted the target row or changed it so that it no longer matches. */
  | { readonly kind: 'parted'; readonly target: JoinedRow | undefined }

/** Changes a row of the target, or its newest version if another transaction changed it. */
function* change(merge: Merge, row: JoinedRow, when: MatchKind, run: Run): Coroutine<Outcome> {
  const { scan, source, on, facts } = merge
  let current = row
  while (true) {
    const wanted = yield* chosen(merge, when, current, run)
    const tuple = current.tuples[scan.relation.tuple]
    if (wanted === undefined || tuple === undefined || wanted.kind === 'NOTHING' || wanted.kind === 'INSERT')
      return { kind: 'nothing' }
    refuseSecond(tuple, run)
    const { kind } = wanted
    const changed =
      kind === 'UPDATE'
        ? yield* updateVersion(scan, wanted.assignments, facts, current, tuple, run)
        : yield* deleteVersion(scan, facts, current, tuple, run)
    if (changed === 'skipped') return { kind: 'nothing' }
    if ('row' in changed) return { kind: 'changed', done: { row: changed.row, kind } }
    const latest = changed.latest && (yield* lockToWrite(run, scan.table, changed.latest, assignedLock(facts)))
    if (latest === undefined) return when === 'matched' ? { kind: 'parted', target: undefined } : { kind: 'nothing' }
    current = scan.place(current, latest)
    if (when === 'matched' && !(yield* stillFulfils({ from: source, where: on }, current, run, undefined)))
      return { kind: 'parted', target: current }
  }
}

function refuseSecond(tuple: Tuple, run: Run): void {
  const { xmax, cmax } = tuple
  if (xmax === undefined || xmax.aborted || xmax.transaction !== run.transaction) return
  if (cmax !== run.transaction.commandId) return
  throw new SqlError('21000', 'MERGE command cannot affect row a second time', {
    hint: 'Ensure that not more than one source row matches any one target row.',
  })
}
