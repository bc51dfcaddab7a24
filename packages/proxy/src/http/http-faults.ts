import { createRandom, type Endpoint, type HttpFault, type Link, linkName } from '@chaosproxy/faults'
import { nanos, usageError } from '@chaosproxy/history'
import type { Recorder } from '@chaosproxy/recorder'
import { compileMapping, describeTable, type RouteTable } from '@chaosproxy/recorder/mapping'
import { HeaderMemo } from '@chaosproxy/wire/http'
import type { Intercept } from '../interceptor/interceptor.ts'
import { type ProxyClock, systemClock } from '../link/clock.ts'
import { LinkTable } from '../link/link-table.ts'
import { type Applied, applyRules } from '../link/rule-list.ts'
import { HttpConnection, type RecordQueue } from './http-connection.ts'
import { HttpLink, type HttpStatistics } from './http-link.ts'
import { HttpRule } from './http-rule.ts'

export interface HttpFaultsOptions {
  /** The seed of all randomness. Each connection has its own random stream for each fault. */
  readonly seed: number | string
  readonly clock?: ProxyClock | undefined
  readonly recorder?: Recorder | undefined
  /** The queues to which the recorder writes. Requests wait while a queue is too far behind. */
  readonly recordQueues?: readonly RecordQueue[] | undefined
  /** Kills a server for `crash-before-reply`. If absent, only the connection is reset. */
  readonly crashServer?: ((node: Endpoint) => void) | undefined
}

export interface HttpRoute {
  readonly from: Endpoint
  readonly to: Endpoint
  /** Maps the route's requests to operations. If absent, nothing is recorded. */
  readonly table?: RouteTable | undefined
  /** Returns the `Host` for requests; absent if requests keep their own `Host`. */
  readonly host?: (() => string) | undefined
}

export interface HttpFaults {
  /** Returns the `intercept` option for a route from clients to a server. */
  intercept(route: HttpRoute): Intercept
  /**
   * Applies a fault. When the call returns, it is in force from the next request on, on every connection of the links.
   * Faults stack in the order in which they were applied. Those applied in one turn of the event loop take effect
   * together.
   *
   * @throws UserError (usage) if a link does not carry HTTP, or a client's address is invalid.
   */
  apply(fault: HttpFault): Applied<HttpFault>
  /** Whether the link carries HTTP/1.1 requests. */
  carries(link: Link): boolean
  /** Returns the statistics of every link that carries HTTP, keyed by `linkName`. */
  statistics(): ReadonlyMap<string, HttpStatistics>
}

export function createHttpFaults(options: HttpFaultsOptions): HttpFaults {
  const { recorder } = options
  const clock = options.clock ?? systemClock
  const random = createRandom(options.seed).fork('http')
  const links = new LinkTable((link) => new HttpLink(link, random))

  function knownLink(fault: HttpFault, link: Link): HttpLink {
    const known = links.find(link)
    if (known !== undefined) return known
    throw usageError(
      `${fault.kind} on ${linkName(link)}: no HTTP route sends requests over this link. Name a link that carries HTTP requests, from client to server: ${links.names.join(', ') || 'there is none yet'}.`,
    )
  }

  return {
    intercept({ from, to, table, host }) {
      const link = links.of({ from, to })
      const memos = { requests: new HeaderMemo(), replies: new HeaderMemo() }
      const recording = table === undefined || recorder === undefined ? undefined : recorder
      if (table !== undefined && recorder !== undefined) describeTable(table, recorder)
      const shared = {
        link,
        clock,
        memos,
        now: recording?.now ?? (() => NO_TIME),
        mapping: table === undefined ? undefined : compileMapping(table),
        queues: recording === undefined ? [] : (options.recordQueues ?? []),
        crashServer: options.crashServer === undefined ? undefined : () => options.crashServer?.(to),
      }
      return (conversation) =>
        new HttpConnection({
          ...shared,
          conversation,
          host: host?.(),
          recording: recording?.connection({ node: to, client: conversation.client.host }),
        })
    },
    carries: (link) => links.find(link) !== undefined,
    apply(fault) {
      refuseStatement(fault)
      const targets = fault.links.map((link) => knownLink(fault, link))
      return applyRules(fault, targets, clock, (standing, own) => new HttpRule(standing, own))
    },
    statistics: () => links.map((link) => ({ ...link.counters })),
  }
}

const NO_TIME = nanos(0)

/** @throws UserError (usage) */
function refuseStatement({ kind, links, match }: HttpFault): void {
  if (match?.statement === undefined && match?.not?.statement === undefined) return
  throw usageError(
    `${kind} on ${links.map(linkName).join(', ')}: "statement" selects SQL, and this link carries HTTP. Match the method, the path or the body.`,
  )
}
