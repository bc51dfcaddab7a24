import type { Call } from './call.ts'
import { remember } from './processes.ts'

/** How an invocation relates to earlier attempts at its request. */
export type Correlation =
  | { readonly requestId: string; readonly attempt?: number }
  /**
   * The operation has no id and equals an unanswered operation. `repeats`: the process of the unanswered operation.
   * `resent`: the operation came on a new connection.
   */
  | { readonly repeats: number; readonly resent?: true }

export interface ConnectionRetries {
  correlate(call: Call, session: string | undefined): Correlation | undefined
  /** Call if the client got no meaningful reply, and may retry. */
  unanswered(call: Call, process: number, session: string | undefined): void
  ended(): void
}

export interface ConnectionRetriesOptions {
  readonly client: string
  /**
   * Whether clients resend a request only as the first request on a new connection. Drivers with stateful connections
   * do this.
   */
  readonly repeatsFirst: boolean
}

interface Unanswered {
  readonly process: number
  readonly session: string | undefined
  /** The number of connections opened before the operation was lost. */
  readonly lostAt: number
}

/** A client whose new connections may replace lost ones. */
interface Client {
  /** Number of open connections that have carried a change. */
  changing: number
  /** The maximum of `changing` so far. */
  most: number
  /**
   * The number of the newest connection that is known to replace all earlier ones. An operation that was lost before
   * this connection opened is never resent.
   */
  replacedAt: number
}

/**
 * Recognises retries: requests with a known id, and operations equal to an unanswered one of the same client. An
 * unanswered operation is repeated only once.
 */
export class Retries {
  readonly #maximumRemembered: number
  readonly #attempts: Map<string, number> = new Map()
  readonly #unanswered: Map<string, Unanswered[]> = new Map()
  readonly #clients: Map<string, Client> = new Map()
  #opened = 0

  constructor(maximumRemembered = 100_000) {
    this.#maximumRemembered = maximumRemembered
  }

  forConnection({ client, repeatsFirst }: ConnectionRetriesOptions): ConnectionRetries {
    let isFresh = true
    let changing: Client | undefined
    const openedAt = ++this.#opened
    const begin = (): void => {
      changing = this.#clientAt(client)
      changing.changing++
      changing.most = Math.max(changing.most, changing.changing)
    }
    return {
      correlate: (call, session) => {
        const isLate = repeatsFirst && !isFresh && call.requestId === undefined
        const correlation = isLate ? undefined : this.#correlate(client, call, session)
        const isRepetition = correlation !== undefined && 'repeats' in correlation
        if (call.harmless !== true) {
          if (repeatsFirst && changing === undefined) begin()
          // A connection resends changes only before its first new change, and this is its first new change. The client
          // now has as many open connections with changes as it ever had, so all lost connections have been replaced. A
          // change that was lost before this connection opened is therefore never resent.
          if (!isRepetition && isFresh && changing !== undefined && changing.changing === changing.most)
            changing.replacedAt = Math.max(changing.replacedAt, openedAt)
          if (!isRepetition) isFresh = false
        }
        return isRepetition && isFresh ? { ...correlation, resent: true } : correlation
      },
      unanswered: (call, process, session) =>
        this.#unansweredBy(client, call, { process, session, lostAt: this.#opened }),
      ended: () => {
        if (changing === undefined) return
        changing.changing--
        changing = undefined
      },
    }
  }

  #clientAt(address: string): Client {
    const known = this.#clients.get(address)
    if (known !== undefined) return known
    const made = { changing: 0, most: 0, replacedAt: 0 }
    remember(this.#clients, address, made, this.#maximumRemembered)
    return made
  }

  #correlate(client: string, call: Call, session: string | undefined): Correlation | undefined {
    const { requestId } = call
    if (requestId !== undefined) {
      const attempt = (this.#attempts.get(requestId) ?? 0) + 1
      remember(this.#attempts, requestId, attempt, this.#maximumRemembered)
      return attempt === 1 ? { requestId } : { requestId, attempt }
    }
    if (call.harmless === true || this.#unanswered.size === 0) return undefined
    const name = operationName(client, call)
    const replacedAt = this.#clients.get(client)?.replacedAt ?? 0
    const equal = this.#unanswered.get(name)?.filter(({ lostAt }) => lostAt >= replacedAt)
    if (equal === undefined) return undefined
    const own = equal.findIndex((each) => each.session === session)
    const [repeated] = equal.splice(Math.max(own, 0), 1)
    if (equal.length === 0) this.#unanswered.delete(name)
    else this.#unanswered.set(name, equal)
    return repeated === undefined ? undefined : { repeats: repeated.process }
  }

  #unansweredBy(client: string, call: Call, unanswered: Unanswered): void {
    if (call.requestId !== undefined || call.harmless === true) return
    const name = operationName(client, call)
    const equal = this.#unanswered.get(name) ?? []
    if (equal.some(({ process }) => process === unanswered.process)) return
    if (equal.length >= MOST_EQUAL) equal.shift()
    equal.push(unanswered)
    remember(this.#unanswered, name, equal, this.#maximumRemembered)
  }
}

/** Maximum number of equal operations remembered. */
const MOST_EQUAL = 1000

const operationName = (client: string, { f, key, value, amount }: Call): string =>
  JSON.stringify([client, f, key, value, amount])
