import { SqlArray, type SqlType, type SqlValue } from '../types/value.ts'
import type { Compiled, Env, Known } from './env.ts'

/** How an expression is computed from its parts. */
interface Rule {
  /** Whether the expression is null if a part is null. */
  readonly strict: boolean
  /** Whether the value depends only on the parts, so that it is the same in every session. */
  readonly pure: boolean
}

/** The rule for expressions that may have a value although one of their parts is null. */
export const PURE: Rule = { strict: false, pure: true }

export function constant(type: SqlType, value: SqlValue): Compiled {
  const known = { value }
  return { type, evaluate: () => value, fold: () => known }
}

/** Returns the value at a place of the row. */
export const valueAt = (type: SqlType, place: number): Compiled => ({
  type,
  evaluate: ({ row }) => row[place] ?? null,
})

/** Returns the value of a part if PostgreSQL's planner knows it. Throws if the computation of a constant fails. */
export function foldOf(part: Compiled, env: Env): Known | undefined {
  return part.fold?.(env)
}

/**
 * Returns an expression that is computed in advance if `rule` is pure and all parts are constant. PostgreSQL's planner
 * does this, too. Errors of constants are therefore reported even if there are no rows. If `rule` is strict, one
 * constant null makes the result null.
 */
export function derived(
  type: SqlType,
  parts: readonly Compiled[],
  rule: Rule,
  compute: (env: Env) => SqlValue,
): Compiled {
  return foldable(type, compute, (env) => {
    const values = parts.map((part) => foldOf(part, env))
    if (rule.strict && values.some((known) => known?.value === null)) return { value: null }
    return rule.pure && values.every((known) => known !== undefined) ? { value: compute(env) } : undefined
  })
}

/** Returns an expression that `fold` computes in advance. */
export function foldable(
  type: SqlType,
  compute: (env: Env) => SqlValue,
  fold: (env: Env) => Known | undefined,
): Compiled {
  let known: Known | undefined
  let isFolded = false
  return {
    type,
    evaluate: (env) => (known === undefined ? compute(env) : known.value),
    fold: (env) => {
      if (isFolded) return known
      isFolded = true
      known = fold(env)
      return known
    },
  }
}

/** Returns the expression of an array with these elements. */
export function arrayFrom(type: SqlType, elementOid: number, elements: readonly Compiled[]): Compiled {
  return derived(
    type,
    elements,
    PURE,
    (env) =>
      new SqlArray(
        elementOid,
        elements.map((element) => element.evaluate(env)),
      ),
  )
}
