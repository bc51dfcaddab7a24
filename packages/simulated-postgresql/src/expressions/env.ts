import type { FunctionSignature } from '../functions/catalogue.ts'
import type { Env } from '../functions/session-facts.ts'
import type { Fields, Node } from '../sql/nodes.ts'
import type { TextContext } from '../types/registry.ts'
import type { RecordColumn, SqlType, SqlValue } from '../types/value.ts'

export type { Env, SessionFacts } from '../functions/session-facts.ts'

export interface Compiled {
  readonly type: SqlType
  readonly evaluate: (env: Env) => SqlValue
  /**
   * Computes the value of a constant expression in advance, as PostgreSQL's planner does, and throws its errors;
   * returns undefined for other expressions. Called before the first evaluation.
   */
  readonly fold?: (env: Env) => Known | undefined
  /** The text of a literal whose type is still undecided: its type is `unknown`. */
  readonly literal?: string | null
  /** Where the literal is in the statement. */
  readonly location?: number | undefined
  /** The number of a parameter whose type nothing has decided yet. */
  readonly parameter?: number
  readonly columns?: readonly RecordColumn[]
  readonly fields?: readonly Compiled[]
}

export interface Known {
  readonly value: SqlValue
}

export interface ColumnReference {
  readonly type: SqlType
  readonly index: number
  /** The number of query levels between the use and the column: 0 for the query itself, 1 for the enclosing one. */
  readonly levelsUp: number
}

export interface Subquery {
  readonly columns: readonly RecordColumn[]
  /** Returns the rows of the subquery. `env` has the row of the outer query. */
  rows(env: Env): Iterable<readonly SqlValue[]>
}

/**
 * What an expression can refer to, such as columns and parameters. If a member is absent, such a reference is an error.
 */
export interface Scope {
  /**
   * The types, settings and relations at the time of preparation. Later changes do not affect the expression, because
   * each literal is parsed only once.
   */
  readonly context: TextContext
  /** The clause that contains the expression, for error messages: `WHERE`, `CHECK constraints`. */
  readonly place?: string
  /** Resolves a column. Throws {@link SqlError} 42703 or 42702. */
  column(names: readonly string[]): ColumnReference | Compiled
  /** Returns the type of parameter `n`. An undecided parameter takes the type `wanted` or remains `unknown`. */
  parameter(n: number, wanted?: SqlType): SqlType
  /**
   * Compiles a subquery of this scope. If the subquery is used only for EXISTS (`existence`), it computes no columns.
   */
  subquery?: ((select: Node, use?: 'rows' | 'existence') => Subquery) | undefined
  routines?: ((names: readonly string[]) => readonly FunctionSignature[]) | undefined
  /** Compiles an aggregate to an expression that reads its result. */
  aggregate?: ((call: Fields<'FuncCall'>) => Compiled) | undefined
  /** Compiles a call with OVER to an expression that reads its result. */
  window?: ((call: Fields<'FuncCall'>) => Compiled) | undefined
  /** Compiles a set-returning function of a select list to an expression that reads its current value. */
  setReturning?(call: Fields<'FuncCall'>): Compiled
  /**
   * If the value of a node is already computed, returns an expression that reads this value. A key of GROUP BY is an
   * example. The function is called for a node before it is called for the nodes inside it.
   */
  replaced?: ((node: Node) => Compiled | undefined) | undefined
}
