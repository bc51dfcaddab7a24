import { NotSupported, SqlError } from '../sql/error.ts'
import type { Index, Subtransaction, Transaction } from '../storage/model.ts'
import type { Writer } from '../storage/rows.ts'
import type { Sequence } from '../storage/sequence.ts'
import { statusOf } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Types } from '../types/registry.ts'
import { typesWith } from '../types/types.ts'
import type { DomainDefinition } from './domain.ts'
import { Preserved } from './preserved.ts'
import type { Routine } from './routine.ts'
import { CatalogueRows } from './rows.ts'
import type { ForeignKey, Table } from './table.ts'

export interface Schema {
  readonly oid: number
  readonly name: string
}

export interface IndexRelation {
  readonly table: Table
  readonly index: Index
}

/** A relation that has a row in pg_class. */
type Relation = Table | Sequence | IndexRelation

const isTable = (relation: Relation): relation is Table => 'tuples' in relation
const isSequence = (relation: Relation): relation is Sequence => 'increment' in relation
const isIndex = (relation: Relation): relation is IndexRelation => 'index' in relation

/** The schema of a session's temporary tables; only that session searches it. */
export const temporarySchema = (pid: number): string => `pg_temp_${pid}`

export const isTemporary = ({ schema }: { readonly schema: string }): boolean => schema.startsWith('pg_temp_')

const BUILT_IN: readonly Schema[] = [
  { oid: 2200, name: 'public' },
  { oid: 11, name: 'pg_catalog' },
  { oid: 13_000, name: 'information_schema' },
]

export class Catalogue {
  readonly types: Types
  /** Counts the changes to the catalogue. A plan is valid only for one version. */
  version = 0
  readonly #noted = (by: Subtransaction, undo: () => void): void => this.changed(by, undo)
  /** By their names. */
  readonly schemas: CatalogueRows<Schema> = new CatalogueRows(
    { table: 'pg_namespace', name: 'pg_namespace_nspname_index', columns: 'nspname' },
    this.#noted,
  )
  readonly extensions: CatalogueRows<string> = new CatalogueRows(
    { table: 'pg_extension', name: 'pg_extension_name_index', columns: 'extname' },
    this.#noted,
  )
  readonly roles: CatalogueRows<string> = new CatalogueRows(
    { table: 'pg_authid', name: 'pg_authid_rolname_index', columns: 'rolname' },
    this.#noted,
  )
  /**
   * The rows of pg_type. Their keys come from {@link keyOf}: a row type has its table as the key, every other type its
   * oid.
   */
  readonly typeRows: CatalogueRows<number | Table> = new CatalogueRows(
    { table: 'pg_type', name: 'pg_type_typname_nsp_index', columns: 'typname, typnamespace' },
    this.#noted,
  )
  readonly routines: CatalogueRows<Routine> = new CatalogueRows(
    { table: 'pg_proc', name: 'pg_proc_proname_args_nsp_index', columns: 'proname, proargtypes, pronamespace' },
    this.#noted,
  )
  /** By {@link keyOf}. */
  readonly relations: CatalogueRows<Relation> = new CatalogueRows(
    { table: 'pg_class', name: 'pg_class_relname_nsp_index', columns: 'relname, relnamespace' },
    this.#noted,
  )
  readonly enums: Map<number, readonly string[]> = new Map()
  /** By the oid of an enum: labels that may not be used until the transaction that added them commits. */
  readonly newLabels: Map<number, { readonly by: Transaction; readonly labels: readonly string[] }> = new Map()
  /**
   * The transaction that alters a composite type, by the oid of the type. Until this transaction ends, no other
   * transaction may use the type.
   */
  readonly altered: Map<number, Transaction> = new Map()
  readonly domains: Map<number, DomainDefinition> = new Map()
  /** Comments, keyed by catalogue, oid, and column number or 0. */
  readonly comments: Map<string, string> = new Map()
  /** The catalogue before the changes of open transactions. */
  readonly preserved: Preserved = new Preserved()
  hasTemporary = false
  readonly #changing = new Set<Transaction>()
  readonly #typesOf = new WeakMap<object, Types>()
  readonly #atCommit: { readonly by: Subtransaction; readonly run: () => void }[] = []

  constructor(types: Types) {
    this.types = types
    for (const schema of BUILT_IN) this.schemas.add(schema.name, schema, undefined)
    this.extensions.add('plpgsql', 'plpgsql', undefined)
    this.roles.add('postgres', 'postgres', undefined)
  }

  typesOf(own: Transaction | undefined): Types {
    const known = this.#typesOf.get(own ?? this)
    if (known !== undefined) return known
    const types = typesWith(this.types, {
      named: (name) => this.#typeNamed(name, own),
      all: () => this.typeRows.all(own).filter((each) => typeof each === 'number'),
      unsafe: (oid) => {
        const added = this.newLabels.get(oid)
        return added !== undefined && added.by === own ? added.labels : []
      },
      isAltered: (oid) => {
        const by = this.altered.get(oid)
        return by !== undefined && by !== own
      },
    })
    this.#typesOf.set(own ?? this, types)
    return types
  }

  #typeNamed(name: string, own: Transaction | undefined): number | undefined {
    const [found, ...others] = this.schemas
      .all(own)
      .map((schema) => this.typeRows.find(this.keyOf(schema.name, name, own), own))
      .filter((each) => typeof each === 'number')
    if (others.length > 0) throw new NotSupported(`two types named ${name} in different schemas`)
    return found
  }

  hasSchema(name: string, own: Transaction | undefined): boolean {
    return this.schemas.find(name, own) !== undefined
  }

  /** The key of a relation or a type: its name and the oid of its schema. */
  keyOf(schema: string, name: string, own: Transaction | undefined): string {
    return `${name}, ${this.schemas.find(schema, own)?.oid ?? schema}`
  }

  table(path: readonly string[], name: string, own: Transaction | undefined): Table | undefined {
    const found = this.relation(path, name, own)
    return found !== undefined && isTable(found) ? found : undefined
  }

  sequence(path: readonly string[], name: string, own: Transaction | undefined): Sequence | undefined {
    const found = this.relation(path, name, own)
    return found !== undefined && isSequence(found) ? found : undefined
  }

  relation(path: readonly string[], name: string, own: Transaction | undefined): Table | Sequence | undefined {
    return this.#named(path, name, own).find((each) => isTable(each) || isSequence(each))
  }

  relationByOid(oid: number, own: Transaction | undefined): Table | Sequence | undefined {
    return this.relations.all(own).find((each) => !isIndex(each) && each.oid === oid) as Table | Sequence | undefined
  }

  indexByOid(oid: number, own: Transaction | undefined): IndexRelation | undefined {
    return this.visibleIndexes(own).find(({ index }) => index.oid === oid)
  }

  index(path: readonly string[], name: string, own: Transaction | undefined): IndexRelation | undefined {
    return this.#named(path, name, own).find(isIndex)
  }

  #named(path: readonly string[], name: string, own: Transaction | undefined): readonly Relation[] {
    return path.flatMap((schema) => this.relations.find(this.keyOf(schema, name, own), own) ?? [])
  }

  visibleTables(own: Transaction | undefined): readonly Table[] {
    return this.relations.all(own).filter(isTable)
  }

  visibleIndexes(own: Transaction | undefined): readonly IndexRelation[] {
    return this.relations.all(own).filter(isIndex)
  }

  visibleSequences(own: Transaction | undefined): readonly Sequence[] {
    return this.relations.all(own).filter(isSequence)
  }

  /** Returns every table, including those created by open transactions. */
  everyTable(): readonly Table[] {
    return [...this.relations.everything()].filter(isTable)
  }

  referencing(table: Table, own: Transaction | undefined): readonly ForeignKey[] {
    return this.visibleTables(own).flatMap((other) => other.foreignKeys.filter((key) => key.referenced === table))
  }

  *create(relation: Relation, writer: Writer): Coroutine {
    const { schema, name } = placeOf(relation)
    const key = this.keyOf(schema, name, writer.transaction)
    if (isTable(relation)) {
      if (isTemporary(relation)) this.hasTemporary = true
      if (this.typeRows.find(key, writer.transaction) !== undefined) throw existingType(name)
      yield* this.typeRows.insert(key, relation, writer)
    }
    yield* this.relations.insert(key, relation, writer)
  }

  /** Drops a relation and its dependent rows in the catalogue. The transaction must hold the lock on the relation. */
  drop(relation: Relation, by: Subtransaction): void {
    this.relations.remove(relation, by)
    if (!isTable(relation)) return
    this.typeRows.remove(relation, by)
    for (const index of relation.indexes) this.dropIndex(index, by)
  }

  dropIndex(index: Index, by: Subtransaction): void {
    const row = this.indexByOid(index.oid, by.transaction)
    if (row !== undefined) this.relations.remove(row, by)
  }

  /** Updates a relation's row in pg_class. Concurrent updates of the row conflict even if no lock prevents them. */
  *touch(relation: Table | Sequence, writer: Writer): Coroutine {
    const key = this.keyOf(relation.schema, relation.name, writer.transaction)
    yield* this.relations.replace(relation, key, relation, writer)
  }

  *rename(relation: Relation, name: string, writer: Writer): Coroutine {
    const { schema } = placeOf(relation)
    const key = this.keyOf(schema, name, writer.transaction)
    yield* this.relations.replace(relation, key, relation, writer)
    if (isTable(relation)) yield* this.typeRows.replace(relation, key, relation, writer)
    const named = isIndex(relation) ? relation.index : relation
    this.change(named, { name }, writer)
  }

  /** Sets properties of an object. If the transaction aborts, they get their former values. */
  change<T extends object>(object: T, values: Partial<T>, { transaction }: Pick<Writer, 'transaction'>): void {
    const before = Object.fromEntries(Object.keys(values).map((name) => [name, object[name as keyof T]]))
    Object.assign(object, values)
    this.changed(transaction.current, () => Object.assign(object, before))
  }

  /** Records that a transaction changed the catalogue. If the transaction aborts, `undo` is called. */
  changed(by: Subtransaction, undo: () => void): void {
    this.version++
    this.#changing.add(by.transaction)
    by.undo.push(() => {
      this.version++
      undo()
    })
  }

  /** Whether the transaction has changed the catalogue. */
  isChanging(transaction: Transaction): boolean {
    return this.#changing.has(transaction)
  }

  /** Defers a change to the commit, so that other transactions do not see it earlier. */
  atCommit(by: Subtransaction, run: () => void): void {
    this.#atCommit.push({ by, run })
  }

  committed(transaction: Transaction): void {
    if (!this.#end(transaction)) return
    for (const rows of [this.relations, this.typeRows, this.routines, this.schemas, this.extensions, this.roles])
      rows.sweep()
  }

  aborted(transaction: Transaction): void {
    this.#end(transaction)
  }

  #end(transaction: Transaction): boolean {
    if (!this.#changing.delete(transaction)) return false
    this.version++
    const due = this.#atCommit.filter(({ by }) => by.transaction === transaction)
    this.#atCommit.splice(0, this.#atCommit.length, ...this.#atCommit.filter((each) => !due.includes(each)))
    for (const { by, run } of due) if (statusOf(by) === 'committed') run()
    return true
  }
}

const placeOf = (relation: Relation): { readonly schema: string; readonly name: string } =>
  isIndex(relation) ? { schema: relation.table.schema, name: relation.index.name } : relation

export const existingType = (name: string): SqlError => new SqlError('42710', `type "${name}" already exists`)
