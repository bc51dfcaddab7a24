import type { Nanos } from '@chaosproxy/history'
import type { Passed } from '@chaosproxy/recorder/postgresql'
import type { Resumed, ResumedWatch } from '../world/requests.ts'

interface SentBytes {
  readonly kind: 'asked'
  readonly at: Nanos
  readonly bytes: Buffer
  readonly serving: string | undefined
}

interface Answered {
  readonly kind: 'answered'
  readonly at: Nanos
  readonly bytes: Buffer
  resumed: readonly Resumed[]
}

type Entry = SentBytes | Answered | { readonly kind: 'closed'; readonly at: Nanos }

interface TrackedConnection {
  readonly entries: Entry[]
  pidOf: () => number | undefined
  /** The request for which the client opened the connection. */
  dialedFor: string | undefined
}

export class Traffic {
  readonly #now: () => Nanos
  readonly #connections: TrackedConnection[] = []
  readonly #order: { readonly connection: number; readonly entry: Entry }[] = []

  constructor(now: () => Nanos) {
    this.#now = now
  }

  connection(): ConnectionTraffic {
    const number = this.#connections.length
    const entries: Entry[] = []
    const connection: TrackedConnection = { entries, pidOf: () => undefined, dialedFor: undefined }
    this.#connections.push(connection)
    const add = (entry: Entry): void => {
      entries.push(entry)
      this.#order.push({ connection: number, entry })
    }
    return {
      sent: (bytes, serving, dialedFor) => {
        connection.dialedFor ??= dialedFor
        add({ kind: 'asked', at: this.#now(), bytes, serving })
      },
      answered: (bytes) => {
        // The bytes are copied, because drivers move bytes within their buffers.
        const entry: Entry = { kind: 'answered', at: this.#now(), bytes: Buffer.from(bytes), resumed: [] }
        add(entry)
        return (resumed) => {
          entry.resumed = resumed
        }
      },
      closed: () => add({ kind: 'closed', at: this.#now() }),
      servedBy(pidOf) {
        connection.pidOf = pidOf
      },
    }
  }

  /** Returns the exchanges of each connection. */
  exchanges(): readonly (readonly Exchanged[])[] {
    return this.#connections.map(({ entries }) => exchangesOf(entries))
  }

  /** Returns a function that finds the request that a session's process served at a given time. */
  requests(): (pid: number, at: number) => string | undefined {
    const requestsByPid = new Map<number | undefined, (readonly [at: number, request: string | undefined])[]>()
    for (const { entries, pidOf, dialedFor } of this.#connections) {
      let isUsed = false
      const own = exchangesOf(entries).flatMap((exchanged): readonly (readonly [Entry, string | undefined])[] => {
        const found = requestsOf(exchanged)
        // A query without a reply is assigned to the request whose code sent it or opened the connection, unless an
        // earlier query of the connection is known to belong to a request.
        const isLost = exchanged.answered.length === 0 && !isUsed
        isUsed ||= found.some(([, request]) => request !== undefined)
        return isLost ? exchanged.sent.map((entry) => [entry, entry.serving ?? dialedFor]) : found
      })
      requestsByPid.set(
        pidOf(),
        own.map(([entry, request]) => [entry.at, request]),
      )
    }
    return (pid, at) => requestsByPid.get(pid)?.findLast(([from]) => from <= at)?.[1]
  }

  /** Returns all traffic in order of time. A query's `request` is the client's request that caused it, if known. */
  passed(): readonly Passed[] {
    const requests = new Map(this.exchanges().flatMap((exchanges) => exchanges.flatMap(requestsOf)))
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
  /**
   * @param serving the client's request that the program was serving when it sent these bytes.
   * @param dialedFor the client's request that the program was serving when it opened the connection.
   */
  sent(bytes: Buffer, serving: string | undefined, dialedFor: string | undefined): void
  /**
   * Records a reply. The caller must call the returned function at the end of the turn in which the reply arrives, with
   * the client's requests that resumed in this turn. The function records that the reply resumed these requests.
   */
  answered(bytes: Buffer): ResumedWatch
  closed(): void
  /** @param pidOf returns the id of the process that serves the session; undefined before there is one. */
  servedBy(pidOf: () => number | undefined): void
}

/**
 * The queries and replies of one exchange on a connection. A query begins a new exchange if the last reply before it
 * ended with PostgreSQL's message ReadyForQuery.
 */
export interface Exchanged {
  readonly sent: readonly SentBytes[]
  readonly answered: readonly Answered[]
}

function exchangesOf(entries: readonly Entry[]): readonly Exchanged[] {
  const found: { readonly sent: SentBytes[]; readonly answered: Answered[] }[] = []
  for (const entry of entries) {
    const last = found.at(-1)
    if (entry.kind === 'answered') last?.answered.push(entry)
    if (entry.kind !== 'asked') continue
    const reply = last?.answered.at(-1)
    if (last === undefined || (reply !== undefined && endsWith(reply.bytes, READY, 1)))
      found.push({ sent: [entry], answered: [] })
    else last.sent.push(entry)
  }
  return found
}

/** The messages ReadyForQuery, whose last byte is a status, and Sync. */
const [READY, SYNC] = [Buffer.from([0x5a, 0, 0, 0, 5]), Buffer.from([0x53, 0, 0, 0, 4])]

const endsWith = (bytes: Buffer, message: Buffer, more = 0): boolean =>
  bytes.length >= message.length + more &&
  bytes.compare(message, 0, message.length, bytes.length - message.length - more, bytes.length - more) === 0

/**
 * Returns all entries of `sent`, each with the client's request to which it belongs, if known. A pool may send a query
 * of one request while the program serves another request. So the request that was served when a query was sent owns
 * the query only if this request resumes when the reply arrives. If no request was served, the only request that
 * resumes owns the query. When the description of a statement arrives, a driver sends the last messages of the extended
 * query. No request is served then, so these messages belong to the request of the query's first message.
 */
export function requestsOf({ sent, answered }: Exchanged): [SentBytes, string | undefined][] {
  const resumed = new Set(answered.flatMap((entry) => entry.resumed.map(({ request }) => request)))
  let begun: SentBytes | undefined
  return sent.map((entry) => {
    const { serving } = begun ?? entry
    begun = isWhole(entry) ? undefined : (begun ?? entry)
    return [entry, requestOf(serving, resumed)]
  })
}

const QUERY = 0x51

const isWhole = ({ bytes }: SentBytes): boolean => bytes[0] === QUERY || endsWith(bytes, SYNC)

/** @param resumed the requests that resumed when a reply arrived. */
function requestOf(serving: string | undefined, resumed: ReadonlySet<string | undefined>): string | undefined {
  if (serving !== undefined) return resumed.has(serving) ? serving : undefined
  const [only] = resumed
  return resumed.size === 1 ? only : undefined
}
