import { createRandom, type Endpoint, type Link, linkName } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import type { Recorder } from '@chaosproxy/recorder'
import { compileMapping, describeTable, peerOf, type RouteTable } from '@chaosproxy/recorder/mapping'
import type { RecordQueue } from '../http/http-connection.ts'
import type { Intercept } from '../interceptor/interceptor.ts'
import { type ProxyClock, systemClock } from '../link/clock.ts'
import { LinkTable } from '../link/link-table.ts'
import { type Applied, applyRules, RuleList } from '../link/rule-list.ts'
import { Http2Connection } from './http2-connection.ts'
import { Http2Recording } from './http2-recording.ts'
import { type StreamFault, StreamRule } from './stream-rule.ts'

export interface Http2FaultsOptions {
  /** The seed of all randomness. Each link, fault and connection has its own random stream. */
  readonly seed: number | string
  readonly clock?: ProxyClock | undefined
  readonly recorder?: Recorder | undefined
  /** The queues to which the recorder writes. While a queue is congested, no requests are read. */
  readonly recordQueues?: readonly RecordQueue[] | undefined
}

interface Http2Route {
  readonly from: Endpoint
  readonly to: Endpoint
  /** Maps the route's requests to operations. If absent, nothing is recorded. */
  readonly table?: RouteTable | undefined
}

export interface Http2Faults {
  /** Returns the `intercept` option for a route. Bytes that are not HTTP/2 pass unchanged. */
  intercept(route: Http2Route): Intercept
  carries(link: Link): boolean
  /**
   * Applies a fault to requests that begin after this call, on its links. @throws UserError (usage) for an unknown
   * link.
   */
  apply(fault: StreamFault): Applied<StreamFault>
}

export function createHttp2Faults(options: Http2FaultsOptions): Http2Faults {
  const clock = options.clock ?? systemClock
  const random = createRandom(options.seed).fork('http2')
  const requestLinks = new Set<string>()
  const links = new LinkTable((link) => new RuleList<StreamRule>(link, random))

  function knownLink(fault: StreamFault, link: Link): RuleList<StreamRule> {
    const known = links.find(link)
    if (known !== undefined) return known
    throw usageError(
      `${fault.kind} on ${linkName(link)}: no HTTP/2 route uses this link. Set the protocol of its route to HTTP/2.`,
    )
  }

  return {
    intercept({ from, to, table }) {
      requestLinks.add(linkName({ from, to }))
      const shared = { links: { requests: links.of({ from, to }), responses: links.of({ from: to, to: from }) }, clock }
      const { recorder, recordQueues: queues } = options
      if (table === undefined || recorder === undefined)
        return (conversation) => new Http2Connection({ ...shared, conversation })
      const mapping = compileMapping(table)
      describeTable(table, recorder)
      return (conversation) => {
        const recording = recorder.connection({ node: to, client: conversation.client.host })
        const recorded = new Http2Recording({ recording, mapping, peer: peerOf(conversation), now: recorder.now })
        return new Http2Connection({ ...shared, conversation, recording: recorded, queues })
      }
    },
    carries: (link) => requestLinks.has(linkName(link)),
    apply(fault) {
      validateMatch(fault)
      const targets = fault.links.map((link) => knownLink(fault, link))
      return applyRules(fault, targets, clock, (standing, own) => new StreamRule(standing, own))
    },
  }
}

/**
 * @throws UserError (usage) if the fault matches the statement, the body or the status. None of these can be matched in
 * HTTP/2.
 */
function validateMatch({ kind, links, match }: StreamFault): void {
  for (const conditions of [match ?? {}, match?.not ?? {}])
    for (const name of ['statement', 'body', 'status'] as const)
      if (name in conditions && conditions[name as keyof typeof conditions] !== undefined)
        throw usageError(
          `${kind} on ${links.map(linkName).join(', ')}: "${name}" cannot be matched in HTTP/2. Match the method, the path or a header field.`,
        )
}
