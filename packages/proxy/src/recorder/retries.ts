import type { Call } from './call.ts'

/** What is known about earlier attempts at a request, as extra members of its invocation. */
export type Correlation =
  | { readonly requestId: string; readonly attempt?: number }
  /**
   * The process of an unanswered operation of the same client, which this one repeats without a request id. Resent: its
   * connection has carried no change before but such repetitions, as when a driver reconnects and sends again.
   */
  | { readonly repeats: number; readonly resent?: true }

/** The retries on one connection. */
export interface ConnectionRetries {
  correlate(call: Call): Correlation | undefined
  /** The client got no answer, or a meaningless one, and may retry. */
  unanswered(call: Call, process: number): void
}

/**
 * Recognises retries: by request id, counting the attempts, or without one as the same operation as an unanswered one
 * of the same client. Remembers a bounded number of each.
 */
export class Retries {
  readonly #maximumRemembered: number
  readonly #attempts: Map<string, number> = new Map()
  readonly #unanswered: Map<string, number> = new Map()

  constructor(maximumRemembered = 100_000) {
    this.#maximumRemembered = maximumRemembered
  }

  /** @param client the client's address. */
  forConnection(client: string): ConnectionRetries {
    let isFresh = true
    return {
      correlate: (call) => {
        const correlation = this.#correlate(client, call)
        const isRepetition = correlation !== undefined && 'repeats' in correlation
        if (!isRepetition && call.harmless !== true) isFresh = false
        return isRepetition && isFresh ? { ...correlation, resent: true } : correlation
      },
      unanswered: (call, process) => this.#unansweredBy(client, call, process),
    }
  }

  #correlate(client: string, call: Call): Correlation | undefined {
    const { requestId } = call
    if (requestId !== undefined) {
      const attempt = (this.#attempts.get(requestId) ?? 0) + 1
      this.#remember(this.#attempts, requestId, attempt)
      return attempt === 1 ? { requestId } : { requestId, attempt }
    }
    if (call.harmless === true || this.#unanswered.size === 0) return undefined
    const name = operationName(client, call)
    const process = this.#unanswered.get(name)
    if (process === undefined) return undefined
    this.#unanswered.delete(name)
    return { repeats: process }
  }

  #unansweredBy(client: string, call: Call, process: number): void {
    if (call.requestId === undefined && call.harmless !== true)
      this.#remember(this.#unanswered, operationName(client, call), process)
  }

  #remember(remembered: Map<string, number>, name: string, value: number): void {
    remembered.delete(name)
    remembered.set(name, value)
    if (remembered.size <= this.#maximumRemembered) return
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      break
    }
  }
}

const operationName = (client: string, call: Call): string =>
  JSON.stringify([client, call.f, call.key ?? null, call.value])
