import { EDGE, type Edges, type Interpretation } from './call.ts'

/** The facts that determine how an operation ends, for the client or for the backend. */
export interface Ending {
  readonly edges: Edges
  /** The meaning of a complete reply. */
  readonly answer?: Interpretation | undefined
  /** The backend's own reply, which a fault may have replaced. */
  readonly backend: Interpretation | undefined
  /** Why there is no reply. */
  readonly reason?: string | undefined
  /** See `Call`. */
  readonly harmless: boolean
}

/**
 * Returns the outcome of a request by these rules.
 *
 * - A request that was never sent had no effect, so it is a `fail`. A fabricated `ok` stays `ok`, since the client
 *   received it.
 * - The answer to a sent request determines the outcome. But if a fault fabricated a refusal, the outcome is `info`,
 *   since the request may have taken effect.
 * - An answer that is not understood does not show the outcome: the result is `not-understood`.
 * - A sent request without a complete answer is `info`.
 * - A harmless request has no effect, so it is a `fail` where these rules say `info`. Where they say `not-understood`,
 *   the result stays `not-understood`.
 */
export function outcomeOf({ edges, answer, backend, reason, harmless }: Ending): Interpretation {
  if (answer?.type === 'ok') return answer
  const error = answer?.error ?? reason ?? 'no answer'
  const left = (edges & EDGE.backendOut) !== 0
  if (!left) return { type: 'fail', error: answer === undefined ? `never forwarded: ${error}` : error }
  if (answer?.type === 'not-understood') return answer
  if (answer?.type === 'fail' && backend?.type === 'fail')
    return backend.answered === true ? answer : { type: 'fail', error }
  if (harmless) return { type: 'fail', error }
  if (answer?.type === 'fail') return { type: 'info', error: `${error}, but the backend may have carried it out` }
  return { type: 'info', error }
}
