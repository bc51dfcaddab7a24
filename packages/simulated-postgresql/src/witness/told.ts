/** What an engine that is watched asks for. */
export interface Watch {
  /** The time that is shown. */
  readonly now: () => number
}

/** What is asked of a witness. */
export interface Grouping {
  /** What a transaction was for, such as a request; undefined if that is not known. */
  readonly groupOf: (pid: number, from: number, to: number) => string | undefined
  /** Whether transactions for the same are judged as one. */
  readonly areOne: boolean
  /** Whether it counts that a statement would have found rows that were not there, or did not fulfil its condition. */
  readonly phantoms: boolean
}

export type WitnessedValue = string | number | boolean | null | { readonly [column: string]: WitnessedValue }

/** What a statement read or wrote. */
export interface Access {
  readonly does: 'r' | 'w'
  /** `doctors/x/1/on_call`, or the row: `doctors/x/1`. */
  readonly cell: string
  readonly value: WitnessedValue
  /** The place of the version among those of the cell; -1 for the one before all of them. */
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
  /** When its BEGIN or first statement was executed. */
  readonly began: number
  readonly ended: number
  readonly isolation: string
  readonly group: string | undefined
  readonly statements: readonly WitnessedStatement[]
}

export interface WitnessedCommit {
  readonly ended: number
  readonly group: string | undefined
  /** The statements that may have changed something, and their parameters. */
  readonly sql: readonly string[]
  readonly parameters: string
}

/**
 * Committed transactions that may be on a cycle, in the order of their commits, with what each read of the others' changes
 * and missed of them. Every other transaction fits where it committed.
 */
export interface Witnessed {
  /** The transactions that committed changes, in the order of their commits. */
  readonly commits: readonly WitnessedCommit[]
  readonly transactions: readonly WitnessedTransaction[]
  /** What could not be asked again, so that a dependency may be missing. */
  readonly unknown: string | undefined
}
