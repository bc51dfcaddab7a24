import type { History, Operation } from './history.ts'
import type { Action, Objects } from './model.ts'
import { refuse } from './proof.ts'

/** What an order must keep: real time (Herlihy & Wing 1990), the order of each client (Lamport 1979), or nothing. */
export type Keeps = 'real time' | 'clients' | 'nothing'

/** Whether the order must have one operation before another. One of unknown outcome comes before none. */
export const isBefore = (keeps: Keeps, a: Operation, b: Operation): boolean =>
  keeps !== 'nothing' && a.return < b.line && (keeps === 'real time' || a.client === b.client)

/** Goes through an order, piece by piece, and at the end asks whether it leaves something out. */
export interface Replay {
  /** Goes on with lines, each as the difference to the one before. @throws Refused where a rule is broken. */
  go(order: readonly number[], objects: Objects): void
  /** @throws Refused if something that must be there was not. */
  end(): void
}

/** `isNeeded`: whether an operation that did something must be in the order. */
export function createReplay(
  { operations, byLine }: History,
  keeps: Keeps,
  view: (operation: Operation) => readonly Action[],
  isNeeded: (operation: Operation) => boolean,
): Replay {
  const placed = new Uint32Array(byLine.length)
  /** How many moments of an operation that was placed are not. */
  const left = new Uint32Array(byLine.length)
  /** The latest call so far: of one object, as linearizability is local (Herlihy & Wing 1990), or of one client. */
  const latest = new Map<string, number>()
  const place = (line: number, objects: Objects): string | undefined => {
    const operation = byLine[line]
    if (operation === undefined) return 'no operation is called there'
    const actions = view(operation)
    const action = actions[placed[line] ?? 0]
    if (action === undefined) return actions.length === 0 ? 'it did not happen, or tells nothing' : 'it is there twice'
    const number = (placed[line] ?? 0) + 1
    placed[line] = number
    left[line] = actions.length - number
    const { key, client, line: call } = operation
    const of = keeps === 'real time' ? key : client
    const last = keeps === 'nothing' ? 0 : (latest.get(of) ?? 0)
    if (number === actions.length && operation.return < last)
      return 'it had returned before the call of one that is earlier in the order'
    if (number === 1 && call > last) latest.set(of, call)
    return objects.apply(action, key) ? undefined : 'the object would not have answered so'
  }
  return {
    go(order, objects) {
      let line = 0
      for (const difference of order) {
        line += difference
        const why = place(line, objects)
        if (why !== undefined) refuse(`line ${line}: ${why}`)
      }
    },
    end() {
      for (const operation of operations) {
        const isMissing = placed[operation.line] === 0 && isNeeded(operation) && view(operation).length > 0
        if (isMissing || left[operation.line] !== 0)
          refuse(`line ${operation.line}: the order leaves this operation out`)
      }
    },
  }
}
