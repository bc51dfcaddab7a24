import type { HttpFault } from '@chaosproxy/faults'
import { eventually } from '../../../testing/src/sockets.ts'
import { httpClient, httpRouteTo, keyValueService } from './live.ts'

/** What happened to a write that a fault hit. */
export interface Outcome {
  readonly clientSaw: string
  /** How often the server executed the write. */
  readonly serverDid: number
  /**
   * The types of the write's events in the client's record. If the write failed or its outcome is unknown, the reason
   * follows after a colon.
   */
  readonly client: string
  readonly backend: string
  readonly edges?: readonly string[]
}

/**
 * Sends this many writes to a live service, each under the fault. Returns the outcomes, and how often each occurred.
 */
export async function countOutcomes(
  fault: { readonly kind: HttpFault['kind']; readonly [name: string]: unknown },
  writes: number,
): Promise<readonly { readonly outcome: Outcome; readonly times: number }[]> {
  const service = await keyValueService()
  const { route, apply, client, backend, recorder } = await httpRouteTo(service)
  const applied = apply({ ...fault, match: { method: 'PUT' } })
  const send = httpClient(route.port)
  const counts = new Map<string, number>()
  for (let i = 0; i < writes; i++) {
    const from = { client: client.lines.length, backend: backend.lines.length, seen: service.seen.length }
    const answered = await send('PUT', `/kv/k${i}`, `v${i}`)
    // The client may notice the end of its connection before the proxy has reported it to the recorder.
    await eventually(() => recorder.counters.open === 0 && recorder.counters.waiting === 0)
    const events = client.eventsFrom(from.client)
    const edges = events.at(-1)?.extra?.['edges'] as readonly string[] | undefined
    const outcome: Outcome = {
      clientSaw: 'error' in answered ? answered.error : String(answered.status),
      serverDid: service.seen.length - from.seen,
      client: events.map(({ type, error }) => (error === undefined ? type : `${type}: ${error}`)).join(', '),
      backend: backend
        .eventsFrom(from.backend)
        .map(({ type }) => type)
        .join(', '),
      ...(edges === undefined ? {} : { edges }),
    }
    const text = JSON.stringify(outcome)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  if (applied.hits !== writes) throw new Error(`${applied.hits} of ${writes} were hit`)
  return [...counts].map(([text, times]) => ({ outcome: JSON.parse(text) as Outcome, times }))
}

const lost = 'the connection ended before the answer was complete'

/** Four faults after which the client gets no response, or a late one, and the outcome of each. */
export const fourWays: readonly (readonly [
  kind: 'lose-request' | 'crash-before-reply' | 'lose-reply' | 'delay-reply',
  parameters: { readonly [name: string]: unknown },
  outcome: Outcome,
])[] = [
  [
    'lose-request',
    {},
    {
      clientSaw: 'ECONNRESET',
      serverDid: 0,
      client: 'invoke, fail: never forwarded: the request was lost',
      backend: '',
      edges: ['client-in'],
    },
  ],
  [
    'crash-before-reply',
    {},
    {
      clientSaw: 'ECONNRESET',
      serverDid: 1,
      client: `invoke, info: ${lost}`,
      backend: 'invoke, info',
      edges: ['client-in', 'backend-out'],
    },
  ],
  [
    'lose-reply',
    {},
    {
      clientSaw: 'ECONNRESET',
      serverDid: 1,
      client: 'invoke, info: the answer was lost',
      backend: 'invoke, ok',
      edges: ['client-in', 'backend-out', 'backend-in'],
    },
  ],
  ['delay-reply', { delayMs: 1 }, { clientSaw: '200', serverDid: 1, client: 'invoke, ok', backend: 'invoke, ok' }],
]
