import type { Env } from '../expressions/env.ts'
import { NotSupported } from '../sql/error.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Run } from './model.ts'

export function runOf(env: Env): Run {
  return env.session as Run
}

/** Thrown when an expression must wait. The expression has had no effect yet, so it can be evaluated again. */
class MustWait extends Error {
  readonly wait: () => Coroutine

  constructor(wait: () => Coroutine) {
    super('an expression waits')
    this.wait = wait
  }
}

/**
 * What the evaluation of an expression has completed so far: waits and nested executions. After a wait, the expression
 * is evaluated again and reuses them.
 */
interface Met {
  over: number
  /**
   * The number of completed waits that the present evaluation still has to skip. After a wait, `left` equals `over`.
   */
  left: number
  calls: number
  readonly results: { readonly site: object; readonly value: unknown }[]
}

/** The value of `waits` while `evaluating` runs no expression. `executed` then stores no results. */
const NOWHERE: Met = { over: 0, left: 0, calls: 0, results: [] }
let waits = NOWHERE

/** Evaluates an expression. Whenever the expression must wait, waits, and then evaluates it again from the start. */
export function* evaluating<T>(evaluate: () => T): Coroutine<T> {
  const mine: Met = { over: 0, left: 0, calls: 0, results: [] }
  while (true) {
    const outer = waits
    waits = mine
    let wait: MustWait['wait']
    try {
      return evaluate()
    } catch (error) {
      if (!(error instanceof MustWait)) throw error
      wait = error.wait
    } finally {
      waits = outer
    }
    yield* wait()
    mine.left = mine.over
    mine.calls = 0
  }
}

/** Makes an expression wait once per evaluation. Called by a function that must wait. */
export function waitOnce(wait: () => Coroutine): void {
  const mine = waits
  if (mine.left > 0) {
    mine.left--
    return
  }
  throw new MustWait(function* () {
    yield* wait()
    mine.over++
  })
}

/**
 * Returns the result of a nested execution, such as a subquery. After a wait, the whole expression is evaluated again,
 * and completed executions return their known results. `site` distinguishes the calls.
 */
export function executed<T>(site: object, start: () => Coroutine<T>): T {
  const mine = waits
  const at = mine.calls++
  const known = mine === NOWHERE ? undefined : mine.results[at]
  // Stores the result, and drops the results of the executions nested in this one.
  const done = (value: T): T => {
    if (mine === NOWHERE) return value
    mine.results[at] = { site, value }
    mine.results.length = at + 1
    mine.calls = at + 1
    return value
  }
  if (known !== undefined) {
    if (known.site === site) return known.value as T
    throw new NotSupported('an expression that takes another branch when evaluated again after a wait')
  }
  const execution = start()
  const step = execution.next()
  if (step.done === true) return done(step.value)
  if (mine === NOWHERE) throw new NotSupported('a wait by a routine or a subquery in this kind of expression')
  throw new MustWait(function* (): Coroutine {
    yield step.value
    let rest = execution.next()
    while (rest.done !== true) {
      yield rest.value
      rest = execution.next()
    }
    done(rest.value)
  })
}

/** Returns a generator that never waits and ends with the value. */
// biome-ignore lint/correctness/useYield: it is read as a generator
export function* ready<T>(value: T): Coroutine<T> {
  return value
}
