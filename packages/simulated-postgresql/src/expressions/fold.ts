import type { SqlType, SqlValue } from '../types/value.ts'
import type { Compiled, Env, Known } from './env.ts'

/** An expression computed from others. */
interface Rule {
  /** Null if a part is null. */
  readonly strict: boolean
  /** The same for the same parts, whatever the session. */
  readonly pure: boolean
}

export function constant(type: SqlType, value: SqlValue): Compiled {
  const known = { value }
  return { type, evaluate: () => value, fold: () => known }
}

/** What a part is known to be once PostgreSQL has planned the statement. Throws what computing a constant throws. */
export function foldOf(part: Compiled, env: Env): Known | undefined {
  return part.fold?.(env)
}

/**
 * An expression that is computed in advance if its parts are: PostgreSQL does so when it plans, also for rows that there
 * are none of, and its errors show then. A strict one of a constant null is null, and its other parts are not computed.
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

/** An expression with its own way of being computed in advance, which is asked once. */
export function foldable(
  type: SqlType,
  compute: (env: Env) => SqlValue,
  fold: (env: Env) => Known | undefined,
): Compiled {
  let known: Known | undefined
  let asked = false
  return {
    type,
    evaluate: (env) => (known === undefined ? compute(env) : known.value),
    fold: (env) => {
      if (asked) return known
      asked = true
      known = fold(env)
      return known
    },
  }
}
