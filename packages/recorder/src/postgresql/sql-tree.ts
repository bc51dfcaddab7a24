import type { Operand } from './action.ts'

// A parsed statement: what it reads and writes.

/** The position of a part: its first token, and the first token after it. */
interface Span {
  readonly from: number
  readonly to: number
}

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Expression = Span & { readonly parts: readonly Expression[] } & (
    | { readonly is: 'operand'; readonly operand: Operand }
    /** `column` may be `*`. */
    | { readonly is: 'column'; readonly table: string | undefined; readonly column: string }
    | { readonly is: 'compared'; readonly comparison: Comparison }
    | { readonly is: 'sum'; readonly sign: 1 | -1 }
    | { readonly is: 'cast'; readonly type: CastType }
    /** `isPlain`: false if the brackets of the call contain more than arguments, such as ORDER BY. */
    | { readonly is: 'call'; readonly name: string; readonly isPlain: boolean }
    | { readonly is: 'query'; readonly query: Query }
    | { readonly is: 'exists'; readonly query: Query }
    | { readonly is: Plain }
  )

/** A type that keeps a value's text, a type of whole numbers, or one that may round or shorten the value. */
export type CastType = 'same' | 'whole' | 'lossy'

/** Kinds of expressions that have subexpressions and no other data. `in`: `x IN (1, 2)`. `any`: `x = ANY (…)`. */
export type Plain = 'in' | 'any' | 'and' | 'or' | 'not' | 'is null' | 'is not null' | 'other'

export type Kind<Is extends Expression['is']> = Extract<Expression, { readonly is: Is }>

export interface Source {
  readonly name: string | undefined
  readonly query: Query | undefined
  readonly alias: string | undefined
  readonly on: Expression | undefined
  /** Whether columns are merged with those of the same name in another table. */
  readonly isMerged: boolean
}

export interface Query extends Span {
  readonly items: readonly Expression[]
  readonly sources: readonly Source[]
  readonly where: Expression | undefined
  readonly limit: Operand | undefined
  readonly offset: Operand | undefined
  readonly locks: readonly Lock[]
  /** Whether the tree is the whole query. False with DISTINCT, grouping or a set operation. */
  readonly isPlain: boolean
}

interface Lock {
  readonly isForUpdate: boolean
  /** The tables whose rows are locked; empty for all tables. */
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
  readonly named: ReadonlyMap<string, Query>
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
      readonly sources: readonly Source[]
      readonly where: Expression | undefined
    })

/** Without a cast. */
export const uncast = (expression: Expression): Expression =>
  expression.is === 'cast' ? (expression.parts[0] ?? expression) : expression

/** Splits a condition into the parts that must all hold. */
export const conjuncts = (condition: Expression): readonly Expression[] =>
  condition.is === 'and' ? condition.parts.flatMap(conjuncts) : [condition]

export const isLossy = (expression: Expression): boolean => expression.is === 'cast' && expression.type === 'lossy'

/**
 * Returns the operand of an expression that is a single operand, with or without a cast. Undefined if the cast is
 * lossy.
 */
export function operandOf(expression: Expression | undefined): Operand | undefined {
  if (expression === undefined || isLossy(expression)) return undefined
  const plain = uncast(expression)
  if (plain.is !== 'operand') return undefined
  return expression.is === 'cast' && expression.type === 'whole' ? { ...plain.operand, exact: 'whole' } : plain.operand
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
