import type { Call } from './call.ts'

/** What is known of a request's earlier attempts, as extra members of its invocation. */
export type Correlation =
  | { readonly requestId: string; readonly attempt?: number }
  /** The process of an operation of the same client that got no answer, and that this one repeats without a name. */
  | { readonly repeats: number }

/**
 * Recognises requests that were made before: by the name they give themselves (attempts are counted), or, for those
 * that have none, as the same operation as one of the same client that was not answered. Remembers so many of each.
 */
export class Retries {
  readonly #maximumRemembered: number
  readonly #attempts: Map<string, number> = new Map()
  readonly #unanswered: Map<string, number> = new Map()

  constructor(maximumRemembered = 100_000) {
    this.#maximumRemembered = maximumRemembered
  }

  correlate(client: string, call: Call): Correlation | undefined {
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

  /** The client got no answer, or one that says nothing, and may ask again. */
  unanswered(client: string, call: Call, process: number): void {
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
