/** The observer of an engine. */
export interface Watch {
  /** Returns the time that reports show. */
  readonly now: () => number
}

/** Which dependencies between transactions a witness reports, and how it groups the transactions. */
export interface Grouping {
  /** Returns the group of a transaction, for example the request that it is part of; undefined if unknown. */
  readonly groupOf: (pid: number, from: number, to: number) => string | undefined
  /** Whether all transactions of a group together are judged as one unit. */
  readonly areOne: boolean
  /**
   * Whether phantoms count: rows that would have changed a statement's result, but were absent or did not satisfy its
   * condition.
   */
  readonly phantoms: boolean
}

export type WitnessedValue = string | number | boolean | null | { readonly [column: string]: WitnessedValue }

/** One read or write of a statement. */
export interface Access {
  readonly does: 'r' | 'w'
  /** The cell `doctors/x/1/on_call`, or the row `doctors/x/1`. */
  readonly cell: string
  readonly value: WitnessedValue
  /** The index of the version among the cell's versions; -1 for the state before all of them. */
  readonly version: number
}

export interface WitnessedStatement {
  readonly sql: string
  readonly from: number
  readonly to: number
  readonly accesses: readonly Access[]
}

export interface WitnessedTransaction {
  readonly pid: number
  /** The time at which the transaction's BEGIN or first statement was executed. */
  readonly began: number
  readonly ended: number
  readonly isolation: string
  readonly group: string | undefined
  readonly statements: readonly WitnessedStatement[]
}

export interface WitnessedCommit {
  readonly ended: number
  readonly group: string | undefined
  /** The texts of the statements that may have changed rows, and their parameters. */
  readonly sql: readonly string[]
  readonly parameters: string
}

/**
 * The committed transactions that may be part of a cycle, in commit order. Each one has what its statements read, and
 * which changes they missed. All other transactions are consistent with the commit order.
 */
export interface Witnessed {
  /** The transactions with committed changes, in commit order. */
  readonly commits: readonly WitnessedCommit[]
  readonly transactions: readonly WitnessedTransaction[]
  /**
   * A statement that could not be evaluated again. A dependency may be missing because of it. Undefined without such a
   * statement.
   */
  readonly unknown: string | undefined
}
