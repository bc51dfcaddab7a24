import type { Completion } from '@chaosproxy/history'

/** Receives a request's answer, once: `undefined` if the node died first. */
export interface Asker {
  replied(result: Completion | undefined): void
}

/**
 * A node's requests without an answer, in order. Lists, since there are only ever a few: a map reorganises itself
 * whenever its last entry goes, which is at nearly every answer.
 */
export class Unanswered {
  #ids: string[] = []
  #askers: Asker[] = []

  add(requestId: string, asker: Asker): void {
    this.#ids.push(requestId)
    this.#askers.push(asker)
  }

  /** Undefined if it is unknown, or answered already. */
  take(requestId: string): Asker | undefined {
    const ids = this.#ids
    const askers = this.#askers
    const at = ids.indexOf(requestId)
    const asker = askers[at]
    if (asker === undefined) return undefined
    for (let next = at + 1; next < ids.length; next++) {
      ids[next - 1] = ids[next] as string
      askers[next - 1] = askers[next] as Asker
    }
    ids.pop()
    askers.pop()
    return asker
  }

  takeAll(): readonly Asker[] {
    const all = this.#askers
    this.#ids = []
    this.#askers = []
    return all
  }
}
