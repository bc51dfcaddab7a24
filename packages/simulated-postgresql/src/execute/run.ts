import type { Env } from '../expressions/env.ts'
import type { Wait } from '../storage/wait.ts'
import type { Run } from './model.ts'

export function runOf(env: Env): Run {
  return env.session as Run
}

/** Thrown out of an expression that has to wait. It has had no effect that a second evaluation would repeat. */
export class MustWait extends Error {
  readonly wait: () => Generator<Wait, void, void>

  constructor(wait: () => Generator<Wait, void, void>) {
    super('an expression waits')
    this.wait = wait
  }
}

/** Which waits of an expression are over, in the order of its calls. */
let waits = { over: 0, met: 0 }

/** Evaluates; waits and evaluates again where an expression has to wait. */
export function* evaluating<T>(evaluate: () => T): Generator<Wait, T, void> {
  const mine = { over: 0, met: 0 }
  while (true) {
    const outer = waits
    waits = mine
    mine.met = 0
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
  }
}

/** In a function that waits: does what `wait` does, once for the evaluation. */
export function waitOnce(wait: () => Generator<Wait, void, void>): void {
  const mine = waits
  if (mine.met < mine.over) {
    mine.met++
    return
  }
  throw new MustWait(function* () {
    yield* wait()
    mine.over++
  })
}

/** The result of a plan that must not wait: where it does, the expression around it is evaluated again afterwards. */
export function withoutWaiting<T>(execution: Generator<Wait, T, void>): T {
  const step = execution.next()
  if (step.done === true) return step.value
  throw new MustWait(function* (): Generator<Wait, void, void> {
    yield step.value
    let rest = execution.next()
    while (rest.done !== true) {
      yield rest.value
      rest = execution.next()
    }
  })
}

/** A result that needs no waiting. */
// biome-ignore lint/correctness/useYield: it is read as a generator
export function* ready<T>(value: T): Generator<Wait, T, void> {
  return value
}
