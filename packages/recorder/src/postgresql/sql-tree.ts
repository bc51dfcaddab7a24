import type { Operand } from './action.ts'

// A statement as a small tree: as much of it as tells which rows of a table it reads and writes.

/** Where it stands: from this token up to that one. */
interface Span {
  readonly from: number
  readonly to: number
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** An expression, with the expressions that it is made of. Brackets around one are left out. */
export type Expression = Span & { readonly parts: readonly Expression[] } & (
    | { readonly is: 'operand'; readonly operand: Operand }
    /** `*` is a column, too. */
    | { readonly is: 'column'; readonly table: string | undefined; readonly column: string }
    | { readonly is: 'compared'; readonly comparison: Comparison }
    | { readonly is: 'sum'; readonly sign: 1 | -1 }
    /** `isPlain`: whether it has nothing but arguments. */
    | { readonly is: 'call'; readonly name: string; readonly isPlain: boolean }
    | { readonly is: 'query'; readonly query: Query }
    | { readonly is: 'exists'; readonly query: Query }
    /** Of the first part: whether it is one of the others, or an element of the second. */
    | { readonly is: 'in' | 'any' }
    | { readonly is: 'and' | 'or' | 'not' | 'is null' | 'is not null' | 'cast' | 'other' }
  )

export type Kind<Is extends Expression['is']> = Extract<Expression, { readonly is: Is }>

/** A table or query of a FROM. */
export interface Source {
  readonly name: string | undefined
  readonly query: Query | undefined
  readonly alias: string | undefined
  /** The condition of its ON. */
  readonly on: Expression | undefined
  /** Whether columns of the same name are merged with those of another table. */
  readonly isMerged: boolean
}

export interface Query extends Span {
  readonly items: readonly Expression[]
  readonly sources: readonly Source[]
  readonly where: Expression | undefined
  readonly limit: Operand | undefined
  readonly offset: Operand | undefined
  readonly locks: readonly Lock[]
  /** Whether all of it is in this tree: it does not group its rows, and is not one of several that are united. */
  readonly isPlain: boolean
}

interface Lock {
  readonly isForUpdate: boolean
  /** The tables whose rows it locks; all without one. */
  readonly of: readonly string[]
  readonly isSkipping: boolean
}

export interface Assignment {
  readonly column: Kind<'column'>
  readonly value: Expression
}

export interface Conflict {
  readonly columns: readonly string[] | undefined
  /** Undefined for DO NOTHING. */
  readonly sets: readonly Assignment[] | undefined
  readonly isConditional: boolean
}

interface Change {
  /** The queries of its WITH, by name. */
  readonly named: ReadonlyMap<string, Query>
  /** The table that it changes. */
  readonly target: Pick<Source, 'name' | 'alias'>
  readonly returning: readonly Expression[]
}

export type Tree =
  | { readonly does: 'select'; readonly query: Query }
  | (Change & {
      readonly does: 'insert'
      readonly columns: readonly string[]
      readonly inserted: readonly (readonly Expression[])[]
      readonly conflict: Conflict | undefined
    })
  | (Change & {
      readonly does: 'update' | 'delete'
      readonly sets: readonly Assignment[]
      /** The FROM or USING. */
      readonly sources: readonly Source[]
      readonly where: Expression | undefined
    })

/** Without a cast. */
export const uncast = (expression: Expression): Expression =>
  expression.is === 'cast' ? (expression.parts[0] ?? expression) : expression

/** The conditions that must all be true. */
export const conjuncts = (condition: Expression): readonly Expression[] =>
  condition.is === 'and' ? condition.parts.flatMap(conjuncts) : [condition]

/** The value of an expression, by itself or cast. */
export function operandOf(expression: Expression | undefined): Operand | undefined {
  const plain = expression && uncast(expression)
  return plain?.is === 'operand' ? plain.operand : undefined
}

/** `true` and `1 = 1`, which ORMs add. */
export function isAlwaysTrue(condition: Expression): boolean {
  const constants = (condition.is === 'compared' ? condition.parts : [condition]).map((part) => {
    const operand = operandOf(part)
    return operand?.kind === 'constant' ? (operand.text ?? undefined) : undefined
  })
  if (condition.is === 'compared')
    return condition.comparison === '=' && constants[0] !== undefined && constants[0] === constants[1]
  return constants[0] === 'true'
}
