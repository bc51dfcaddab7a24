import type { Index, Subtransaction, Transaction } from '../storage/model.ts'
import type { Sequence } from '../storage/sequence.ts'
import { statusOf } from '../storage/transaction.ts'
import type { Types } from '../types/registry.ts'
import type { DomainDefinition } from './domain.ts'
import type { Routine } from './routine.ts'
import type { ForeignKey, Table } from './table.ts'

interface Named {
  schema: string
  name: string
  readonly oid: number
  createdBy: Subtransaction | undefined
  droppedBy?: Subtransaction | undefined
}

/** The schema of a session's temporary tables, which only that session looks in. */
export const temporarySchema = (pid: number): string => `pg_temp_${pid}`

export const isTemporary = ({ schema }: { readonly schema: string }): boolean => schema.startsWith('pg_temp_')

/** The tables, sequences and schemas of the database. */
export class Catalogue {
  readonly types: Types
  /** Counts the changes: plans made before one are made anew. */
  version = 0
  readonly schemas: Set<string> = new Set(['public', 'pg_catalog', 'information_schema'])
  readonly extensions: Set<string> = new Set(['plpgsql'])
  readonly roles: Set<string> = new Set(['postgres'])
  /** The labels of enums by the numbers of their types. */
  readonly enums: Map<number, readonly string[]> = new Map()
  /** Domains by the numbers of their types. */
  readonly domains: Map<number, DomainDefinition> = new Map()
  /** Comments by the relation of the catalogue that lists what they are about, its number, and that of the column or 0. */
  readonly comments: Map<string, string> = new Map()
  readonly routines: Set<Routine> = new Set()
  readonly tables: Set<Table> = new Set()
  readonly sequences: Set<Sequence> = new Set()
  /** Whether there ever was a temporary table. */
  hasTemporary = false
  readonly #changing = new Set<Transaction>()
  readonly #byName = new Map<string, (Table | Sequence)[]>()

  constructor(types: Types) {
    this.types = types
  }

  table(path: readonly string[], name: string, own: Transaction | undefined): Table | undefined {
    const found = this.relation(path, name, own)
    return found !== undefined && 'columns' in found ? found : undefined
  }

  sequence(path: readonly string[], name: string, own: Transaction | undefined): Sequence | undefined {
    const found = this.relation(path, name, own)
    return found !== undefined && !('columns' in found) ? found : undefined
  }

  /** What has this name in the first schema of the path that has it. */
  relation(path: readonly string[], name: string, own: Transaction | undefined): Table | Sequence | undefined {
    const named = this.#byName.get(name)
    if (named === undefined) return undefined
    for (const schema of path) {
      const found = named.find((each) => each.schema === schema && exists(each, own))
      if (found !== undefined) return found
    }
    return undefined
  }

  relationByOid(oid: number, own: Transaction | undefined): Table | Sequence | undefined {
    for (const table of this.tables) if (table.oid === oid && exists(table, own)) return table
    for (const sequence of this.sequences) if (sequence.oid === oid && exists(sequence, own)) return sequence
    return undefined
  }

  indexByOid(oid: number, own: Transaction | undefined): { table: Table; index: Index } | undefined {
    for (const table of this.visibleTables(own))
      for (const index of table.indexes) if (index.oid === oid) return { table, index }
    return undefined
  }

  /** An index, which shares the names of tables. */
  index(path: readonly string[], name: string, own: Transaction | undefined): { table: Table; at: number } | undefined {
    for (const schema of path)
      for (const table of this.tables) {
        if (table.schema !== schema || !exists(table, own)) continue
        const at = table.indexes.findIndex((index) => index.name === name)
        if (at >= 0) return { table, at }
      }
    return undefined
  }

  /** Another open transaction that creates a relation of this name. */
  pending(schema: string, name: string, own: Transaction): Subtransaction | undefined {
    return (this.#byName.get(name) ?? []).find(
      ({ schema: other, createdBy }) =>
        other === schema &&
        createdBy !== undefined &&
        createdBy.transaction !== own &&
        statusOf(createdBy) === 'active',
    )?.createdBy
  }

  visibleTables(own: Transaction | undefined): readonly Table[] {
    return [...this.tables].filter((table) => exists(table, own))
  }

  visibleSequences(own: Transaction | undefined): readonly Sequence[] {
    return [...this.sequences].filter((sequence) => exists(sequence, own))
  }

  referencing(table: Table, own: Transaction | undefined): readonly ForeignKey[] {
    const found: ForeignKey[] = []
    for (const other of this.tables)
      if (exists(other, own)) for (const key of other.foreignKeys) if (key.referenced === table) found.push(key)
    return found
  }

  add(relation: Table | Sequence, by: Subtransaction): void {
    const set: Set<Table | Sequence> =
      'columns' in relation ? (this.tables as Set<Table | Sequence>) : (this.sequences as Set<Table | Sequence>)
    set.add(relation)
    this.#list(relation)
    if (isTemporary(relation)) this.hasTemporary = true
    this.changed(by, () => {
      set.delete(relation)
      this.#unlist(relation)
    })
  }

  drop(relation: Table | Sequence, by: Subtransaction): void {
    relation.droppedBy = by
    this.changed(by, () => {
      relation.droppedBy = undefined
    })
  }

  rename(relation: Table | Sequence, schema: string, name: string, by: Subtransaction): void {
    const before = { schema: relation.schema, name: relation.name }
    const set = (to: { schema: string; name: string }): void => {
      this.#unlist(relation)
      relation.schema = to.schema
      relation.name = to.name
      this.#list(relation)
    }
    set({ schema, name })
    this.changed(by, () => set(before))
  }

  /** Notes a change, and how to undo it if the transaction aborts. */
  changed(by: Subtransaction, undo: () => void): void {
    this.version++
    this.#changing.add(by.transaction)
    by.undo.push(() => {
      this.version++
      undo()
    })
  }

  /** Whether an open transaction changed the catalogue: only it sees what it did. */
  isChanging(transaction: Transaction): boolean {
    return this.#changing.has(transaction)
  }

  committed(transaction: Transaction): void {
    if (!this.#changing.delete(transaction)) return
    this.version++
    this.sweep()
  }

  aborted(transaction: Transaction): void {
    if (this.#changing.delete(transaction)) this.version++
  }

  /** Forgets what was dropped by transactions that committed. */
  sweep(): void {
    for (const set of [this.tables, this.sequences] as const)
      for (const relation of set)
        if (relation.droppedBy !== undefined && statusOf(relation.droppedBy) === 'committed') {
          ;(set as Set<Table | Sequence>).delete(relation)
          this.#unlist(relation)
        }
  }

  #list(relation: Table | Sequence): void {
    const named = this.#byName.get(relation.name)
    if (named === undefined) this.#byName.set(relation.name, [relation])
    else named.push(relation)
  }

  #unlist(relation: Table | Sequence): void {
    const left = (this.#byName.get(relation.name) ?? []).filter((each) => each !== relation)
    if (left.length === 0) this.#byName.delete(relation.name)
    else this.#byName.set(relation.name, left)
  }
}

function exists(relation: Named, own: Transaction | undefined): boolean {
  return done(relation.createdBy, own, true) && !done(relation.droppedBy, own, false)
}

function done(by: Subtransaction | undefined, own: Transaction | undefined, always: boolean): boolean {
  if (by === undefined) return always
  return statusOf(by) === 'committed' || (!by.aborted && by.transaction === own)
}
