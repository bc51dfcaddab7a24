import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Passed } from '@chaosproxy/recorder/postgresql'
import type { Resumed, ResumedWatch } from '../world/requests.ts'

type Entry =
  | { readonly kind: 'asked'; readonly at: Nanos; readonly bytes: Buffer; readonly serving: string | undefined }
  | { readonly kind: 'answered'; readonly at: Nanos; readonly bytes: Buffer; resumed: readonly Resumed[] }
  | { readonly kind: 'closed'; readonly at: Nanos }

/** What passes on the connections of a simulated server. */
export class Traffic {
  readonly #now: () => Nanos
  readonly #connections: { readonly from: NodeId; readonly entries: Entry[] }[] = []
  readonly #order: { readonly connection: number; readonly entry: Entry }[] = []

  constructor(now: () => Nanos) {
    this.#now = now
  }

  connection(from: NodeId): ConnectionTraffic {
    const number = this.#connections.length
    const entries: Entry[] = []
    this.#connections.push({ from, entries })
    const add = (entry: Entry): void => {
      entries.push(entry)
      this.#order.push({ connection: number, entry })
    }
    return {
      asked: (bytes, serving) => add({ kind: 'asked', at: this.#now(), bytes, serving }),
      answered: (bytes) => {
        // Copied: drivers move what they have not read yet within the memory that they are given.
        const entry: Entry = { kind: 'answered', at: this.#now(), bytes: Buffer.from(bytes), resumed: [] }
        add(entry)
        return (resumed) => {
          entry.resumed = resumed
        }
      },
      closed: () => add({ kind: 'closed', at: this.#now() }),
    }
  }

  /** In the order of time, with the request that each question was sent for. */
  passed(): readonly Passed[] {
    const requests = new Map(this.#connections.flatMap(({ entries }) => requestsOf(entries)))
    return this.#order.map(({ connection, entry }): Passed => {
      const { at } = entry
      switch (entry.kind) {
        case 'asked':
          return { kind: 'asked', at, connection, bytes: entry.bytes, request: requests.get(entry) }
        case 'answered':
          return { kind: 'answered', at, connection, bytes: entry.bytes }
        case 'closed':
          return { kind: 'closed', at, connection }
        default:
          return entry satisfies never
      }
    })
  }
}

export interface ConnectionTraffic {
  /** @param serving the request of the code that wrote it. */
  asked(bytes: Buffer, serving: string | undefined): void
  /** The result is called with what went on when it arrived. */
  answered(bytes: Buffer): ResumedWatch
  closed(): void
}

/**
 * By question: the request that it was sent for. A pool may send what one request asks in the turn of another, so that the
 * code which wrote it is not enough: the request must also go on when the reply arrives.
 */
function requestsOf(entries: readonly Entry[]): [Entry, string | undefined][] {
  const found: [Entry, string | undefined][] = []
  let asked: Extract<Entry, { kind: 'asked' }>[] = []
  let resumed: (string | undefined)[] = []
  let hasAnswer = false
  const settle = (): void => {
    for (const entry of asked) found.push([entry, requestOf(entry.serving, new Set(resumed))])
    asked = []
    resumed = []
    hasAnswer = false
  }
  for (const entry of entries)
    if (entry.kind === 'asked') {
      if (hasAnswer) settle()
      asked.push(entry)
    } else if (entry.kind === 'answered') {
      hasAnswer = true
      resumed.push(...entry.resumed.map(({ request }) => request))
    }
  settle()
  return found
}

function requestOf(serving: string | undefined, resumed: ReadonlySet<string | undefined>): string | undefined {
  if (serving !== undefined) return resumed.has(serving) ? serving : undefined
  const [only] = resumed
  return resumed.size === 1 ? only : undefined
}
