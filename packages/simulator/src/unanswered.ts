import type { Completion } from '@chaosproxy/history'

/** Receives the reply to a request, once: `undefined` if the node died first. */
export interface Asker {
  replied(result: Completion | undefined): void
}

/**
 * The unanswered requests of a node. There are only a few, so they are kept in lists: a map would be rebuilt whenever
 * its last entry is removed, which happens at nearly every reply.
 */
export class Unanswered {
  #ids: string[] = []
  #askers: Asker[] = []

  add(requestId: string, asker: Asker): void {
    this.#ids.push(requestId)
    this.#askers.push(asker)
  }

  /** Removes an unanswered request and returns its asker. */
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
