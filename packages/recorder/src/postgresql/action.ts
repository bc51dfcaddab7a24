// What a statement asks of the recorded table.

/** A value in a statement: one of its parameters, or written out. */
export type Operand =
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'constant'; readonly text: string | null }

/** Where a result has the value: at a position, or under a name. */
export type Place = number | string

/** What is done with one row, which is chosen by its primary key. */
export type Action =
  | { readonly does: 'read'; readonly key: Operand; readonly value: Place }
  /** `mayMiss`: whether it is done only if there is such a row, or a further condition holds. */
  | { readonly does: 'write'; readonly key: Operand; readonly value: Operand; readonly mayMiss: boolean }
  | { readonly does: 'delete'; readonly key: Operand; readonly mayMiss: boolean }
  /** Only if there is no such row. */
  | { readonly does: 'insert'; readonly key: Operand; readonly value: Operand }
  | { readonly does: 'cas'; readonly key: Operand; readonly expected: Operand; readonly value: Operand | 'delete' }
  /** `sum`: where the answer has the new value. `creates`: whether it makes the row, with the amount as its value. */
  | {
      readonly does: 'add'
      readonly key: Operand
      readonly amount: Operand
      readonly sign: 1 | -1
      readonly creates: boolean
      readonly sum: Place | undefined
    }

/** What a statement may change outside the record. */
export type MayTouch = 'nothing' | 'everything' | { readonly key: Operand }

/** What a statement does to the transaction around it. */
export type Control = 'begin' | 'commit' | 'rollback' | 'savepoint' | 'prepare' | 'forget'
