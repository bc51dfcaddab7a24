import type { Specification } from '../../judge/model.ts'
import { missingIn } from '../../register/replay/replay.ts'
import { operationAt, type Part } from '../model/part.ts'

/**
 * Describes the error in a witness of linearizability, if there is one. Shares no code with the searches that find
 * witnesses.
 */
export function faultOfObjectWitness(
  part: Part,
  order: ArrayLike<number>,
  isPossible: (i: number) => boolean,
): string | undefined {
  const seen = new Uint8Array(part.length)
  let latestCall = -1
  for (let at = 0; at < order.length; at++) {
    const i = order[at]
    if (seen[i] !== 0) return `operation ${i} appears twice`
    seen[i] = 1
    if (part.returns[i] < latestCall) return `operation ${i} returned before one that precedes it was called`
    if (part.calls[i] > latestCall) latestCall = part.calls[i]
    if (!isPossible(i)) return `operation ${i} is not possible where it is placed`
  }
  return missingIn(seen, part.returns)
}

/**
 * Returns a function that applies operations one after another, and reports whether each is possible by the
 * specification.
 */
export function simulateBy<State>(specification: Specification<State>, part: Part): (i: number) => boolean {
  // The possible states: an operation of unknown outcome may have one of several effects.
  let states: readonly State[] = [specification.initial]
  return (i) => {
    const operation = operationAt(part, i)
    const next = states.flatMap((state) => specification.step(state, operation))
    states = next.length <= 1 ? next : [...new Map(next.map((state) => [specification.key(state), state])).values()]
    return states.length > 0
  }
}
