import type { ServerResponse } from 'node:http'
import { metricsReply } from '../metrics/metrics.ts'
import type { ControlPlane } from '../plane/plane.ts'
import type { ApiRequest } from '../server/api.ts'
import { ControlError } from '../state/errors.ts'
import type { RecordedEvent } from '../state/events.ts'
import type { Lease } from '../state/leases.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import { type DescribedRoute, reference } from './described-route.ts'
import { faultRoutes } from './fault-routes.ts'
import { adds, gets, lists, type NamedThings, removes } from './named-things.ts'
import { describeApi } from './openapi.ts'
import { proxyRoutes } from './proxy-routes.ts'
import { json, noContent } from './replies.ts'
import { readLease } from './requests.ts'
import { createViews, type Views } from './views.ts'

export function v1Routes(plane: ControlPlane, version: string, mayListen: ListenRule): readonly DescribedRoute[] {
  const views = createViews(plane)
  const routes: readonly DescribedRoute[] = [
    ...proxyRoutes(plane, views, mayListen),
    ...faultRoutes(plane, views),
    ...leaseRoutes(plane, views),
    {
      method: 'POST',
      path: '/v1/reset',
      operation: 'reset',
      summary: 'Heals every fault, ends every lease, and enables every proxy',
      success: { status: 204, description: 'No fault is in force.' },
      errors: [500],
      async handle() {
        await plane.resetAll()
        return noContent
      },
    },
    {
      method: 'GET',
      path: '/v1/events',
      operation: 'watchEvents',
      summary: 'Events as they happen: proxies, faults and their hits, leases, rule sets (Server-Sent Events)',
      query: [{ name: 'since', unit: 'count', summary: 'begin after this event, if it is still kept', optional: true }],
      success: {
        status: 200,
        description: 'Events, until the client disconnects.',
        contentType: 'text/event-stream',
        schema: {},
      },
      handle(request) {
        const after = firstAfter(request)
        return { stream: (response) => streamEvents(plane, response, after) }
      },
    },
    {
      method: 'GET',
      path: '/v1/recording',
      operation: 'getRecording',
      summary: 'The recording so far: counts, files, whether it is linearizable, and how far the disk is behind',
      success: { status: 200, description: 'The record.', schema: reference('Recording') },
      errors: [404],
      handle() {
        const { recording } = plane
        if (recording === undefined) throw new ControlError(404, 'nothing is recorded: start the proxy with --out')
        const { recorder, files, judging } = recording
        return json(200, {
          ...recorder.counters,
          views: files.map((file) => file.statistics),
          ...(judging === undefined ? {} : { judged: judging.judged() }),
        })
      },
    },
    {
      method: 'GET',
      path: '/v1/metrics',
      operation: 'getMetrics',
      summary: 'All counters with their current values (Prometheus)',
      success: { status: 200, description: 'Metrics.', contentType: 'text/plain', schema: { type: 'string' } },
      handle: () => metricsReply(plane),
    },
    {
      method: 'GET',
      path: '/v1/openapi.json',
      operation: 'describe',
      summary: 'This description',
      success: { status: 200, description: 'OpenAPI 3.1.', schema: { type: 'object' } },
      handle: () => json(200, describeApi(routes, version)),
    },
  ]
  return routes
}

function firstAfter({ headers, query }: ApiRequest): number | undefined {
  const text = headers['last-event-id'] ?? query.get('since') ?? undefined
  if (text === undefined) return undefined
  const sequence = Number(text)
  if (!/^\d+$/.test(String(text)) || !Number.isSafeInteger(sequence))
    throw new ControlError(400, 'the number of an event must be a whole number, at least 0')
  return sequence
}

/** The interval between comments that keep intermediaries from closing a quiet stream. */
const KEEP_ALIVE_MS = 15_000
/** The interval between reports of hits while a client is listening. */
const HITS_EVERY_MS = 250
/**
 * The most unsent bytes of a client. A client that falls further behind is disconnected; it may reconnect and catch up.
 */
const MOST_WAITING_BYTES = 1024 * 1024

/**
 * Sends events as they happen, as Server-Sent Events (WHATWG HTML §9.2). A client that reconnects with `Last-Event-ID`
 * gets the missed events that are still kept.
 */
function streamEvents(plane: ControlPlane, response: ServerResponse, after: number | undefined): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  const send = (event: RecordedEvent): void => {
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy()
    else response.write(`id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.write(': events of chaos proxy\n\n')
  for (const event of plane.events.since(after ?? plane.events.lastSequence)) send(event)
  const unsubscribe = plane.events.subscribe(send)
  const hits = setInterval(() => plane.faults.reportHits(), HITS_EVERY_MS)
  const keepAlive = setInterval(() => response.write(': \n\n'), KEEP_ALIVE_MS)
  response.on('close', () => {
    unsubscribe()
    clearInterval(hits)
    clearInterval(keepAlive)
  })
}

function leaseRoutes({ leases }: Pick<ControlPlane, 'leases'>, views: Views): readonly DescribedRoute[] {
  const things: NamedThings<Lease> = { noun: 'lease', added: 'grant', removed: 'end', view: views.lease }
  return [
    lists(things, 'Every lease in force', () => leases.list()),
    adds(
      things,
      'Grants a lease: its faults heal when it ends, or is not renewed in time',
      { done: 'It has begun.' },
      (body) => {
        const { owner, ttlMs } = readLease(body, 'lease')
        const lease = leases.grant(owner, ttlMs)
        return [lease.id, lease]
      },
    ),
    gets(things, 'One lease, with its remaining time', (id) => leases.get(id)),
    {
      method: 'POST',
      path: '/v1/leases/{lease}/renew',
      operation: 'renewLease',
      summary: 'Renews the lease for its full duration',
      success: { status: 200, description: 'The lease is renewed.', schema: reference('Lease') },
      errors: [404],
      handle: (request) => json(200, views.lease(leases.renew(request.param('lease')))),
    },
    removes(
      things,
      'Ends the lease, and heals every fault that depends on it',
      { done: 'The lease has ended.', errors: [404] },
      (id) => leases.end(id),
    ),
  ]
}
