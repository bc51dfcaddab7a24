import type { Operand } from './action.ts'

// A statement as a small tree, with only the parts that show which rows of a table it reads and writes.

/** The position of a part: its first token, and the token after its last. */
interface Span {
  readonly from: number
  readonly to: number
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** An expression with its parts. Parentheses around an expression are omitted. */
export type Expression = Span & { readonly parts: readonly Expression[] } & (
    | { readonly is: 'operand'; readonly operand: Operand }
    /** `column` may be `*`. */
    | { readonly is: 'column'; readonly table: string | undefined; readonly column: string }
    | { readonly is: 'compared'; readonly comparison: Comparison }
    | { readonly is: 'sum'; readonly sign: 1 | -1 }
    /** `isPlain`: whether the call consists only of arguments. */
    | { readonly is: 'call'; readonly name: string; readonly isPlain: boolean }
    | { readonly is: 'query'; readonly query: Query }
    | { readonly is: 'exists'; readonly query: Query }
    /** Whether the first part equals one of the other parts, or an element of the second part. */
    | { readonly is: 'in' | 'any' }
    | { readonly is: 'and' | 'or' | 'not' | 'is null' | 'is not null' | 'cast' | 'other' }
  )

export type Kind<Is extends Expression['is']> = Extract<Expression, { readonly is: Is }>

/** A table or query in a FROM. */
export interface Source {
  readonly name: string | undefined
  readonly query: Query | undefined
  readonly alias: string | undefined
  /** The condition after ON. */
  readonly on: Expression | undefined
  /** Whether columns of the table are merged with columns of the same name of another table. */
  readonly isMerged: boolean
}

export interface Query extends Span {
  readonly items: readonly Expression[]
  readonly sources: readonly Source[]
  readonly where: Expression | undefined
  readonly limit: Operand | undefined
  readonly offset: Operand | undefined
  readonly locks: readonly Lock[]
  /**
   * Whether the tree represents the whole query: it has no DISTINCT and no grouping, and is not part of a UNION or
   * another set operation.
   */
  readonly isPlain: boolean
}

interface Lock {
  readonly isForUpdate: boolean
  /** The tables whose rows the clause locks; empty if it locks the rows of all tables. */
  readonly of: readonly string[]
  readonly isSkipping: boolean
}

export interface Assignment {
  readonly column: Kind<'column'>
  readonly value: Expression
}

export interface Conflict {
  readonly columns: readonly string[] | undefined
  /** The assignments of DO UPDATE; undefined for DO NOTHING. */
  readonly sets: readonly Assignment[] | undefined
  readonly isConditional: boolean
}

interface Change {
  /** The queries of the WITH clause, by name. */
  readonly named: ReadonlyMap<string, Query>
  /** The table that the statement changes. */
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
      /** The sources in FROM or USING. */
      readonly sources: readonly Source[]
      readonly where: Expression | undefined
    })

/** Without a cast. */
export const uncast = (expression: Expression): Expression =>
  expression.is === 'cast' ? (expression.parts[0] ?? expression) : expression

/** Splits a condition into the conditions of which all must hold. */
export const conjuncts = (condition: Expression): readonly Expression[] =>
  condition.is === 'and' ? condition.parts.flatMap(conjuncts) : [condition]

/** The value of an expression that is an operand or a cast of an operand. */
export function operandOf(expression: Expression | undefined): Operand | undefined {
  const plain = expression && uncast(expression)
  return plain?.is === 'operand' ? plain.operand : undefined
}

/** Whether a condition is `true` or `1 = 1`, which ORMs add. */
export function isAlwaysTrue(condition: Expression): boolean {
  const constants = (condition.is === 'compared' ? condition.parts : [condition]).map((part) => {
    const operand = operandOf(part)
    return operand?.kind === 'constant' ? (operand.text ?? undefined) : undefined
  })
  if (condition.is === 'compared')
    return condition.comparison === '=' && constants[0] !== undefined && constants[0] === constants[1]
  return constants[0] === 'true'
}
