import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Routine } from '../catalogue/routine.ts'
import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import { coerceAssignment, coerceBoolean } from '../expressions/coerce.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled, Scope, SessionFacts } from '../expressions/env.ts'
import { elementType } from '../expressions/resolve.ts'
import type { RoutineVariables } from '../plpgsql/variables.ts'
import { NotSupported, SqlError, type SqlErrorFields } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import { undefinedRelation } from '../sql/undefined.ts'
import type { Transaction } from '../storage/model.ts'
import { LOCK_MODES, type LockMode } from '../storage/modes.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Calculator } from '../types/calculator.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import type { TextContext, Types } from '../types/registry.ts'
import { typeNumbered } from '../types/types.ts'
import type { RecordColumn, SqlType, SqlValue } from '../types/value.ts'
import type { ModificationPlan, QueryPlan, TableFacts } from './model.ts'
import { runOf } from './run.ts'

const BOOLEAN: SqlType = { oid: OID.bool, name: 'bool', typmod: -1 }

export interface Compilers {
  query(
    node: Node,
    context: Context,
    parent: Scope | undefined,
    names?: Scope | undefined,
    wanted?: readonly SqlType[],
  ): QueryPlan
  modification(node: Node, context: Context, names: Scope | undefined): ModificationPlan
}

/** A scope with the clause that is being compiled (`place`) and the calls that this clause permits. */
interface PlacedScope extends Scope {
  place: string
  onWindow?: unknown
  onSetReturning?: unknown
}

/** The settings of a statement's compilation. */
export interface ContextOptions {
  readonly catalogue: Catalogue
  readonly session: SessionFacts
  readonly own: Transaction | undefined
  readonly searchPath: readonly string[]
  readonly database: string
  readonly temporarySchema: string
  /** The oids of the parameter types; 0 for a type to infer. */
  readonly parameterOids: readonly number[]
  readonly compilers: Compilers
  readonly variables?: RoutineVariables
  /** Collects the tables to which names resolve, and the locks that they need. */
  readonly looked: Map<Table, LockMode>
}

/** The context of one statement's compilation: names, parameter types, and tables to lock. */
export class Context implements TextContext {
  readonly catalogue: Catalogue
  readonly types: Types
  readonly own: Transaction | undefined
  readonly searchPath: readonly string[]
  readonly database: string
  readonly temporarySchema: string
  readonly facts: Map<Table, TableFacts> = new Map()
  /** The strongest lock on each table, in the order in which the statement names the tables. */
  readonly tables: Map<Table, LockMode> = new Map()
  readonly #session: SessionFacts
  readonly #parameters: (SqlType | undefined)[]
  readonly compilers: Compilers
  readonly variables: RoutineVariables | undefined
  readonly #options: ContextOptions
  isDiscarded = false

  constructor(options: ContextOptions) {
    this.catalogue = options.catalogue
    this.types = options.catalogue.typesOf(options.own)
    this.own = options.own
    this.searchPath = options.searchPath
    this.database = options.database
    this.temporarySchema = options.temporarySchema
    this.#session = options.session
    this.compilers = options.compilers
    this.variables = options.variables
    this.#options = options
    this.#parameters = options.parameterOids.map((oid) =>
      oid === 0 || oid === OID.unknown ? undefined : this.type(oid),
    )
  }

  setting(name: string): string | undefined {
    return this.#session.setting(name)
  }

  get calculator(): Calculator | undefined {
    return this.#session.calculator
  }

  get user(): string {
    return this.#session.user
  }

  now(): bigint {
    return this.#session.now()
  }

  relation(name: string): number {
    return this.#session.relation?.(name) ?? 0
  }

  relationName(oid: number): string | undefined {
    return this.#session.relationName?.(oid)
  }

  rowType(names: readonly string[]): readonly RecordColumn[] | undefined {
    const table = this.table(names.at(-2), names.at(-1) ?? '')
    return table === undefined ? undefined : columnsOf(table)
  }

  /** Compiles only to report errors. */
  check(compile: () => void): void {
    const before = this.isDiscarded
    this.isDiscarded = true
    try {
      compile()
    } finally {
      this.isDiscarded = before
    }
  }

  hasExtension(name: string): boolean {
    return this.catalogue.extensions.has(name, this.own)
  }

  type(oid: number): SqlType {
    return typeNumbered(this.types, oid)
  }

  parameterType(number: number, wanted?: SqlType): SqlType {
    if (this.variables !== undefined && number > this.variables.parameterOids.length)
      throw new SqlError('42P02', `there is no parameter $${number}`)
    const known = this.#parameters[number - 1]
    if (known !== undefined) return known
    if (wanted === undefined || wanted.oid === OID.unknown) {
      while (this.#parameters.length < number) this.#parameters.push(undefined)
      return this.type(OID.unknown)
    }
    const type = { ...wanted, typmod: -1 }
    while (this.#parameters.length < number) this.#parameters.push(undefined)
    this.#parameters[number - 1] = type
    return type
  }

  parameterOids(): readonly number[] {
    return Array.from(this.#parameters, (type, at) => {
      if (type === undefined) throw new SqlError('42P18', `could not determine data type of parameter $${at + 1}`)
      return type.domain ?? type.oid
    })
  }

  /** Returns the schemas to search for a name. */
  pathOf(schema: string | undefined): readonly string[] {
    return schema === undefined ? this.searchPath : [schema === 'pg_temp' ? this.temporarySchema : schema]
  }

  table(schema: string | undefined, name: string): Table | undefined {
    const found = this.catalogue.table(this.pathOf(schema), name, this.own)
    if (found !== undefined) strengthen(this.#options.looked, found, 'AccessShareLock')
    return found
  }

  sequence(schema: string | undefined, name: string): Sequence | undefined {
    return this.catalogue.sequence(this.pathOf(schema), name, this.own)
  }

  noTable(schema: string | undefined, name: string, fields: SqlErrorFields = {}): Error {
    if (this.sequence(schema, name) !== undefined) return new NotSupported(`the sequence ${name} in place of a table`)
    if (this.catalogue.index(this.pathOf(schema), name, this.own) !== undefined)
      return new SqlError('42809', `"${name}" is an index`)
    return undefinedRelation([schema, name], fields)
  }

  /** Returns the user-defined functions of a name. */
  routines(names: readonly string[]): readonly Routine[] {
    const path = names.length > 1 ? names.slice(-2, -1) : this.searchPath
    return this.catalogue.routines
      .all(this.own)
      .filter((each) => each.name === names.at(-1) && path.includes(each.schema))
  }

  with(more: Partial<ContextOptions>): Context {
    return new Context({ ...this.#options, ...more })
  }

  reads(table: Table): void {
    this.locks(table, 'AccessShareLock')
  }

  locks(table: Table, mode: LockMode): void {
    if (table.partitionOf !== undefined) throw new NotSupported(`direct access to the partition ${table.name}`)
    const { user } = this.#session
    // Policies apply neither to the owner nor to the superuser.
    if (table.rowSecurity && user !== table.owner && user !== 'postgres')
      throw new NotSupported(`row level security of ${table.name} for the role ${user}, which does not own it`)
    for (const all of [this.tables, this.#options.looked]) strengthen(all, table, mode)
  }

  condition(node: Node, scope: PlacedScope, clause: string): Compiled {
    const { place, onWindow, onSetReturning } = scope
    Object.assign(scope, { place: clause, onWindow: undefined, onSetReturning: undefined })
    const compiled = compileExpression(node, scope, BOOLEAN)
    Object.assign(scope, { place, onWindow, onSetReturning })
    return coerceBoolean(compiled, clause, scope)
  }

  elementType(type: SqlType): SqlType | undefined {
    const oid = elementType(this.types, type.oid)
    return oid === undefined ? undefined : this.type(oid)
  }

  compareOf(type: SqlType): (a: SqlValue, b: SqlValue) => number {
    const { compare } = this.types.typeOf(type.oid === OID.unknown ? OID.text : type.oid)
    if (compare !== undefined) return compare
    if (type.oid === OID.record || this.elementType(type)?.oid === OID.record)
      throw new NotSupported('an order of composite values')
    throw new SqlError('42883', `could not identify an ordering operator for type ${this.format(type)}`, {
      hint: 'Use an explicit ordering operator or modify the query.',
    })
  }

  assigned(node: Node, scope: Scope, column: Pick<Column, 'name' | 'type'>): Compiled {
    return this.assignedValue(compileExpression(node, scope, column.type), scope, column)
  }

  assignedValue(compiled: Compiled, scope: Scope, column: Pick<Column, 'name' | 'type'>): Compiled {
    return coerceAssignment(compiled, column.type, column.name, scope)
  }

  format(type: SqlType): string {
    return formatType(this.types, type.oid)
  }

  nextOf(sequence: Sequence, type: SqlType): Compiled {
    return {
      type,
      evaluate: (env) => {
        const value = runOf(env).nextValue(sequence)
        return type.oid === OID.int8 ? value : Number(value)
      },
    }
  }
}

function strengthen(all: Map<Table, LockMode>, table: Table, mode: LockMode): void {
  const known = all.get(table)
  if (known === undefined || LOCK_MODES.indexOf(known) < LOCK_MODES.indexOf(mode)) all.set(table, mode)
}
