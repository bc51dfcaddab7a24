export type Operand = (
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'constant'; readonly text: string | null }
  /** `number`: the literal's index in the text. */
  | { readonly kind: 'literal'; readonly number: number; readonly sign: '-' | '' }
) & {
  /**
   * Set if the server may store a value that differs from the given one: an integer column rounds `2.5`. `whole`: only
   * whole numbers are stored unchanged. `as numeric`: a column of the type numeric stores every number unchanged; any
   * other column stores only whole numbers unchanged.
   */
  readonly exact?: 'whole' | 'as numeric'
}

/** The position or name of a value in a result. */
export type Place = number | string

/** An operation on one row, selected by its primary key. */
export type Action =
  | {
      readonly does: 'read'
      readonly key: Operand
      readonly value: Place
      readonly limit: Operand | undefined
      readonly offset: Operand | undefined
    }
  /** `mayMiss`: whether the operation may find no row. */
  | { readonly does: 'write'; readonly key: Operand; readonly value: Operand; readonly mayMiss: boolean }
  | { readonly does: 'delete'; readonly key: Operand; readonly mayMiss: boolean }
  | { readonly does: 'insert'; readonly key: Operand; readonly value: Operand }
  | { readonly does: 'cas'; readonly key: Operand; readonly expected: Operand; readonly value: Operand | 'delete' }
  /** `sum`: where the reply has the new value. `creates`: whether a missing row is created. */
  | {
      readonly does: 'add'
      readonly key: Operand
      readonly amount: Operand
      readonly sign: 1 | -1
      readonly creates: boolean
      readonly sum: Place | undefined
    }

export type MayTouch = 'nothing' | 'everything' | { readonly key: Operand }

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
