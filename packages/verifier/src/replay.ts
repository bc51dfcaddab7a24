import type { History, Operation } from './history.ts'
import type { Action, Objects } from './model.ts'
import { refuse } from './proof.ts'

/**
 * The order that operations must keep: real time (Herlihy & Wing 1990), the order of each client (Lamport 1979), or no
 * order.
 */
export type Keeps = 'real time' | 'clients' | 'nothing'

/** Returns whether a must precede b. An operation of unknown outcome need not precede any other. */
export const isBefore = (keeps: Keeps, a: Operation, b: Operation): boolean =>
  keeps !== 'nothing' && a.return < b.line && (keeps === 'real time' || a.client === b.client)

/** Executes the operations of an order piece by piece. Checks at the end that the order is complete. */
export interface Replay {
  /**
   * Continues with more lines. Each number is the distance from the previous line. @throws Refused if a rule is broken.
   */
  go(order: readonly number[], objects: Objects): void
  /** @throws Refused if a necessary operation is missing. */
  end(): void
}

/** `isNeeded`: whether the order must contain an operation. Operations without actions are never necessary. */
export function createReplay(
  { operations, byLine }: History,
  keeps: Keeps,
  view: (operation: Operation) => readonly Action[],
  isNeeded: (operation: Operation) => boolean,
): Replay {
  const placed = new Uint32Array(byLine.length)
  /** By line: once the order contains an operation's first action, the number of its missing actions; 0 before that. */
  const left = new Uint32Array(byLine.length)
  /** The latest call so far: for real time by key (linearizability is local, Herlihy & Wing 1990), else by client. */
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
      return 'this operation returned before another was called, but the order puts it after the other'
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
