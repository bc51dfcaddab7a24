import { joinKeys, keyText, sameKeys } from '../catalogue/keys.ts'
import type { Table } from '../catalogue/table.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { addTo } from '../lists.ts'
import { SqlError } from '../sql/error.ts'
import { type Node, namesOf } from '../sql/nodes.ts'
import { contains } from '../sql/trees.ts'
import type { Index, Tuple } from '../storage/model.ts'
import { lookUp, scan } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { SqlArray, type SqlType, type SqlValue } from '../types/value.ts'
import type { Item, JoinedRow, NamedColumn, Relation, Run } from './model.ts'
import { fillSlots } from './rows.ts'
import { evaluating } from './run.ts'
import { envOf, type QueryScope } from './scope.ts'
import { noteRead } from './view.ts'

/** An equality that restricts a column to some values. */
interface Restriction {
  readonly slot: number
  readonly values: (env: Env) => readonly SqlValue[]
  readonly type: SqlType
}

/**
 * The number of scans of a table after which a statement uses a temporary hash index, if no other index is suitable.
 */
const SCANS_BEFORE_HASHING = 3

/** A scan of a whole table, or of rows that an equality selects. The complete condition is evaluated later. */
export class TableScan implements Item {
  readonly table: Table
  readonly relation: Relation
  readonly columns: readonly NamedColumn[]
  readonly #dependent: boolean
  readonly #restrictions: Restriction[] = []

  constructor(table: Table, relation: Relation, dependent: boolean) {
    this.table = table
    this.relation = relation
    this.columns = relation.columns
    this.#dependent = dependent
  }

  #requirePopulated(): void {
    const { materialized, name } = this.table
    if (materialized?.populated === false)
      throw new SqlError('55000', `materialized view "${name}" has not been populated`, {
        hint: 'Use the REFRESH MATERIALIZED VIEW command.',
      })
  }

  /** Narrows the scan by an equality with a value known before the scan. */
  narrow(condition: Node, scope: QueryScope): void {
    if (!('A_Expr' in condition)) return
    const { kind, name, lexpr, rexpr } = condition.A_Expr
    if (lexpr === undefined || rexpr === undefined || namesOf(name).join('.') !== '=') return
    if (kind === 'AEXPR_OP') {
      this.#narrowTo(lexpr, [rexpr], scope)
      this.#narrowTo(rexpr, [lexpr], scope)
    } else if (kind === 'AEXPR_IN' && 'List' in rexpr) this.#narrowTo(lexpr, rexpr.List.items ?? [], scope)
    else if (kind === 'AEXPR_OP_ANY') this.#narrowTo(lexpr, [rexpr], scope, true)
  }

  /** Narrows the scan by the column equality of JOIN USING. */
  narrowByColumn(a: NamedColumn, b: NamedColumn): void {
    for (const [mine, other] of [
      [a, b],
      [b, a],
    ] as const)
      if (this.columns.includes(mine) && this.#known(other.slot) && sameKeys(mine.type, other.type))
        this.#restrictions.push({
          slot: mine.slot,
          type: other.type,
          values: (env) => [env.row[other.slot] ?? null],
        })
  }

  /** Whether a slot is filled before this table is scanned. */
  #known(slot: number): boolean {
    return this.#dependent && this.columns.every((column) => slot < column.slot)
  }

  #narrowTo(columnNode: Node, valueNodes: readonly Node[], scope: QueryScope, array = false): void {
    if (!('ColumnRef' in columnNode)) return
    const column = this.#columnOf(columnNode, scope)
    if (column === undefined) return
    const compiled: Compiled[] = []
    for (const node of valueNodes) {
      if (contains(node, 'SubLink')) return
      const slots: number[] = []
      scope.recorder = (slot) => slots.push(slot)
      try {
        const wanted = array ? undefined : column.type
        compiled.push(compileExpression(node, scope, wanted))
      } catch (error) {
        // The error is not reported here, because the compilation of the whole condition reports it.
        if (error instanceof SqlError) return
        throw error
      } finally {
        scope.recorder = undefined
      }
      if (!slots.every((slot) => this.#known(slot))) return
    }
    const [first] = compiled
    if (first === undefined) return
    if (array) {
      const element = scope.context.elementType(first.type)
      if (element === undefined || !sameKeys(element, column.type)) return
      this.#restrictions.push({ slot: column.slot, type: element, values: (env) => elementsOf(first.evaluate(env)) })
    } else if (compiled.every((each) => sameKeys(each.type, column.type)))
      this.#restrictions.push({
        slot: column.slot,
        type: first.type,
        values: (env) => compiled.map((each) => each.evaluate(env)),
      })
  }

  #columnOf(node: Extract<Node, { ColumnRef: unknown }>, scope: QueryScope): NamedColumn | undefined {
    const fields = node.ColumnRef.fields ?? []
    if (fields.some((field) => !('String' in field))) return undefined
    const names = namesOf(fields)
    if (names.length > 1 && names.at(-2) !== this.relation.alias) return undefined
    const candidates = scope.columns.filter((column) => column.name === names.at(-1))
    const mine = this.columns.find((column) => column.name === names.at(-1))
    return names.length > 1 || (candidates.length === 1 && candidates[0] === mine) ? mine : undefined
  }

  *extend(run: Run, outer: Env | undefined, left: JoinedRow): Coroutine<JoinedRow[]> {
    this.#requirePopulated()
    const env = envOf(left, outer, run)
    const tuples = yield* evaluating(() => this.#read(run, env))
    return tuples.map((tuple) => this.place(left, tuple))
  }

  place(left: JoinedRow, tuple: Tuple): JoinedRow {
    const row = { values: left.values.slice(), tuples: left.tuples.slice() }
    fillSlots(row.values, this.columns, tuple.values)
    this.relation.system?.place(row.values, tuple)
    row.tuples[this.relation.tuple] = tuple
    return row
  }

  /**
   * Returns the row after the deletion of its version `tuple`. The deletion set `xmax`, so the row's system columns are
   * read from `tuple` again.
   */
  ended(row: JoinedRow, tuple: Tuple): JoinedRow {
    return (this.relation.system?.columns.length ?? 0) > 0 ? this.place(row, tuple) : row
  }

  #read(run: Run, env: Env): readonly Tuple[] {
    const index = this.#restrictions.length === 0 ? undefined : this.#bestIndex()
    if (run.view !== undefined) {
      const keys = index === undefined ? undefined : this.#keys(index.restrictions, env, run)
      const among = keys?.flatMap((key) => index?.index.entries.get(key) ?? []) ?? this.table.tuples
      return run.view.read(this.table, among)
    }
    if (index === undefined) return this.#readAll(run, env)
    const found: Tuple[] = []
    for (const key of this.#keys(index.restrictions, env, run))
      found.push(...lookUp(this.table, index.index, key, run.snapshot, run))
    const read = shuffled(found, run)
    if (run.met !== undefined) noteRead(run.met, this.table, read)
    return read
  }

  #bestIndex(): { readonly index: Index; readonly restrictions: readonly Restriction[] } | undefined {
    let best: { readonly index: Index; readonly restrictions: readonly Restriction[] } | undefined
    for (const index of this.table.indexes) {
      if (index.partial) continue
      const restrictions = index.columns.flatMap((place) => {
        const column = this.columns.find(({ attribute }) => attribute - 1 === place)
        return this.#restrictions.find((each) => each.slot === column?.slot) ?? []
      })
      if (restrictions.length !== index.columns.length) continue
      if (best === undefined || (index.unique && !best.index.unique)) best = { index, restrictions }
    }
    return best
  }

  #keys(restrictions: readonly Restriction[], env: Env, run: Run): readonly string[] {
    let keys: string[][] = [[]]
    for (const restriction of restrictions) {
      // PostgreSQL reads and locks rows in the order of the index, whatever the order of IN is.
      const compare = run.types.typeOf(restriction.type.oid).compare
      const values = restriction.values(env).filter((value) => value !== null)
      const ordered = compare === undefined ? values : values.toSorted(compare)
      const texts = new Set(ordered.map((value) => keyText(value, restriction.type, run)))
      keys = keys.flatMap((key) => [...texts].map((text) => [...key, text]))
    }
    return keys.map(joinKeys)
  }

  #readAll(run: Run, env: Env): readonly Tuple[] {
    const memo = (run.memo.get(this) ?? { scans: 0 }) as Memo
    run.memo.set(this, memo)
    if (memo.snapshot !== run.snapshot) {
      memo.snapshot = run.snapshot
      memo.tuples = shuffled(scan(this.table, run.snapshot, run), run)
      if (run.met !== undefined) noteRead(run.met, this.table, memo.tuples)
      memo.hash = undefined
      memo.scans = 0
    }
    const [restriction] = this.#restrictions
    if (restriction === undefined || ++memo.scans <= SCANS_BEFORE_HASHING) return memo.tuples ?? []
    memo.hash ??= this.#hash(memo.tuples ?? [], restriction, run)
    const hash = memo.hash
    return this.#keys([restriction], env, run).flatMap((key) => hash.get(key) ?? [])
  }

  #hash(tuples: readonly Tuple[], restriction: Restriction, run: Run): Map<string, Tuple[]> {
    const column = this.columns.find(({ slot }) => slot === restriction.slot)
    const hash = new Map<string, Tuple[]>()
    if (column === undefined) return hash
    for (const tuple of tuples) {
      const value = tuple.values[column.attribute - 1] ?? null
      if (value === null) continue
      addTo(hash, keyText(value, column.type, run), tuple)
    }
    return hash
  }
}

interface Memo {
  scans: number
  snapshot?: Run['snapshot']
  tuples?: readonly Tuple[]
  hash?: Map<string, Tuple[]> | undefined
}

function elementsOf(value: SqlValue): readonly SqlValue[] {
  return value instanceof SqlArray ? value.elements : []
}

/** Shuffles rows in place, to expose programs that rely on an order that PostgreSQL does not promise. */
function shuffled<T>(items: T[], run: Run): T[] {
  if (!run.shuffles) return items
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(run.store.random() * (last + 1))
    const item = items[last] as T
    items[last] = items[other] as T
    items[other] = item
  }
  return items
}
