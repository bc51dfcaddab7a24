import type { FunctionSignature } from '../functions/catalogue.ts'
import type { Env } from '../functions/session-facts.ts'
import type { Fields, Node } from '../sql/nodes.ts'
import type { TextContext } from '../types/registry.ts'
import type { RecordColumn, SqlType, SqlValue } from '../types/value.ts'

export type { Env, SessionFacts } from '../functions/session-facts.ts'

/** An expression with its type. */
export interface Compiled {
  readonly type: SqlType
  readonly evaluate: (env: Env) => SqlValue
  /**
   * Computes in advance what PostgreSQL computes when it plans: the value, if it depends on nothing. Throws the errors of
   * constants. Asked before the first evaluation; absent for what is never known in advance.
   */
  readonly fold?: (env: Env) => Known | undefined
  /** The text of a literal whose type is not decided yet: its type is `unknown`. */
  readonly literal?: string | null
  /** The number of a parameter whose type is not decided yet: its type is `unknown`. */
  readonly parameter?: number
  readonly columns?: readonly RecordColumn[]
  /** The fields of ROW(…): `(a, b) = (1, 2)` compares them one by one. */
  readonly fields?: readonly Compiled[]
}

export interface Known {
  readonly value: SqlValue
}

export interface ColumnReference {
  readonly type: SqlType
  /** The place in the row. */
  readonly index: number
  /** 0 for a column of the query itself, 1 for one of the query around it. */
  readonly levelsUp: number
  /** For a column that holds rows. */
  readonly columns?: readonly RecordColumn[]
}

export interface Subquery {
  readonly columns: readonly RecordColumn[]
  /** The rows, with `env` as the outer row of the subquery. */
  rows(env: Env): Iterable<readonly SqlValue[]>
}

/** The names that an expression can use. What is missing is an error where it is used. */
export interface Scope {
  /** The types, settings and relations at the time of preparation: literals are read once. */
  readonly context: TextContext
  /** The clause, for messages: `WHERE`, `CHECK constraints`. */
  readonly place?: string
  /** Throws {@link SqlError} 42703 (no such column) or 42702 (ambiguous). `location` counts characters from 0. */
  column(names: readonly string[], location: number | undefined): ColumnReference | Compiled
  /** The type of parameter `n`. With `wanted` an undecided parameter takes this type; without it its type is `unknown`. */
  parameter(n: number, wanted?: SqlType): SqlType
  /** Compiles the SelectStmt of a subquery whose outer scope is this one. For `existence` its columns are not computed. */
  subquery?(select: Node, use?: 'rows' | 'existence'): Subquery
  /** The functions that users wrote. */
  routines?(names: readonly string[]): readonly FunctionSignature[]
  /** Stands for an aggregate: reads its result. */
  aggregate?(call: Fields<'FuncCall'>): Compiled
  /** Stands for a call with OVER. */
  window?(call: Fields<'FuncCall'>): Compiled
  /** Stands for a function that returns a set, in a select list. */
  setReturning?(call: Fields<'FuncCall'>): Compiled
  /** A node that is computed already, such as an expression of GROUP BY. Asked for every node, outer ones first. */
  replaced?(node: Node): Compiled | undefined
}
