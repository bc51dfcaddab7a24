// Effects of statements on the recorded table.

/** A value in a statement: a parameter or a literal. */
export type Operand =
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'constant'; readonly text: string | null }
  /** `number`: index of the literal among the literals of the text. */
  | { readonly kind: 'literal'; readonly number: number; readonly sign: '-' | '' }

/** The position or name of a value in a result. */
export type Place = number | string

/** An operation on one row, which is selected by its primary key. */
export type Action =
  | {
      readonly does: 'read'
      readonly key: Operand
      readonly value: Place
      readonly limit: Operand | undefined
      readonly offset: Operand | undefined
    }
  /** `mayMiss`: whether the operation may change no row, because the row is missing or a condition does not hold. */
  | { readonly does: 'write'; readonly key: Operand; readonly value: Operand; readonly mayMiss: boolean }
  | { readonly does: 'delete'; readonly key: Operand; readonly mayMiss: boolean }
  /** Writes only if the row does not exist. */
  | { readonly does: 'insert'; readonly key: Operand; readonly value: Operand }
  | { readonly does: 'cas'; readonly key: Operand; readonly expected: Operand; readonly value: Operand | 'delete' }
  /**
   * `sum`: the place in the reply that contains the new value. `creates`: whether a missing row is created, with the
   * amount as its value.
   */
  | {
      readonly does: 'add'
      readonly key: Operand
      readonly amount: Operand
      readonly sign: 1 | -1
      readonly creates: boolean
      readonly sum: Place | undefined
    }

/** Changes outside the record that a statement may make. */
export type MayTouch = 'nothing' | 'everything' | { readonly key: Operand }

/** The effect of a statement on its transaction. */
export type Control =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'release'
  | 'rollback-to'
  /** Ends a transaction and begins the next transaction. */
  | 'chain'
  | 'prepare'
  | 'forget'
