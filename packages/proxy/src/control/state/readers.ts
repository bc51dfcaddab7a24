import {
  type Http2Fault,
  type HttpFault,
  isUnansweredFault,
  type Link,
  linkName,
  type MessageFault,
  type SqlFault,
  type TrafficFault,
} from '@chaosproxy/faults'
import { type UserError, usageError } from '@chaosproxy/history'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { clientSourcesOf } from '@chaosproxy/recorder/routes'
import { type Starts, websocket } from '@chaosproxy/wire'
import type { HttpFaults, HttpRoute } from '../../http/http-faults.ts'
import type { HttpStatistics } from '../../http/http-link.ts'
import type { Http2Faults } from '../../http2/http2-faults.ts'
import { chain } from '../../interceptor/chain.ts'
import type { Intercept } from '../../interceptor/interceptor.ts'
import { recordConversations } from '../../interceptor/recorded-conversations.ts'
import { withoutOffers } from '../../interceptor/without-offers.ts'
import type { MessageFaults } from '../../messages/message-faults.ts'
import type { PeerFinder } from '../../peer/peers.ts'
import { type Carriage, carriageNames, framingOf } from './carriage.ts'
import type { InForce } from './in-force.ts'
import type { PreparedWay, ReadWay } from './proxies.ts'
import type { ProxyRecording } from './recording.ts'

export interface Readers {
  /** Creates the interceptor of a proxy's connections. It records at the client's edge, in front of every fault. */
  interceptFor(carriage: Carriage, way: ReadWay): Promise<Intercept>
  /**
   * Reads the initial values of keys if the settings ask for it.
   *
   * @throws UserError (environment)
   */
  prepare(carriage: Carriage, way: PreparedWay): Promise<void>
  /**
   * Returns a finder of dialling processes; undefined if clients are not identified by their process.
   *
   * @throws UserError (environment)
   */
  processesFor(carriage: Carriage): Promise<PeerFinder | undefined>
  /**
   * @throws UserError (usage) if no link of the fault carries traffic that the fault can affect. The other `applyTo…`
   * methods throw the same error.
   */
  applyToRequests(fault: HttpFault): InForce
  /** Returns statistics of HTTP/1.1 requests so far, by the name of the link that carries them. */
  requests(): ReadonlyMap<string, HttpStatistics>
  applyToHttp2(fault: Http2Fault): InForce
  applyToMessages(fault: MessageFault): InForce
  applyToStatements(fault: SqlFault): InForce
}

export interface ReadersOptions {
  readonly seed: number | string
  readonly recording: ProxyRecording | undefined
}

export function createReaders({ seed, recording }: ReadersOptions): Readers {
  const recorder = recording?.recorder
  const http = createLazily(async () => {
    const { createHttpFaults } = await import('../../http/http-faults.ts')
    return createHttpFaults({ seed, recorder, recordQueues: recording?.files })
  })
  const http2 = createLazily(async () => {
    const { createHttp2Faults } = await import('../../http2/http2-faults.ts')
    return createHttp2Faults({ seed, recorder, recordQueues: recording?.files })
  })
  const messages = createLazily(async () =>
    (await import('../../messages/message-faults.ts')).createMessageFaults({ seed }),
  )

  /** Reads both versions of HTTP: a client may speak either, and every operation must be recorded. */
  async function recordedHttp(way: HttpRoute): Promise<Intercept> {
    const { byPreface } = await import('../../http2/by-preface.ts')
    return byPreface({
      http1: (await http.make()).intercept(way),
      http2: (await http2.make()).intercept(way),
    })
  }

  async function readerFor(carriage: Carriage, { from, to, host }: Omit<ReadWay, 'tls'>): Promise<Intercept> {
    switch (carriage.kind) {
      case 'http': {
        const way = { from, to, table: carriage.table, host }
        const isRecorded = recorder !== undefined && carriage.table !== undefined
        const requests = isRecorded ? await recordedHttp(way) : (await http.make()).intercept(way)
        if (!carriage.websocket) return requests
        return chain(requests, (await messages.make()).intercept({ from, to, framing: websocket }))
      }
      case 'http2':
        if (recorder !== undefined && carriage.table !== undefined)
          return recordedHttp({ from, to, table: carriage.table })
        return (await http2.make()).intercept({ from, to })
      case 'spoken': {
        const faults = (await messages.make()).intercept({ from, to, framing: carriage.protocol.framing })
        if (recorder === undefined) return faults
        const read = await carriage.record({ recorder, node: to })
        return chain(recordConversations(read, recorder, recording?.files), faults)
      }
      case 'messages':
        return (await messages.make()).intercept({ from, to, framing: carriage.framing })
    }
  }

  return {
    async interceptFor(carriage, { tls, ...way }) {
      const reader = await readerFor(carriage, way)
      const starts = startsOf(carriage, tls)
      return starts === undefined ? reader : chain(reader, withoutOffers(starts))
    },
    async prepare(carriage, { to, upstream }) {
      if (carriage.kind === 'spoken') {
        if (recorder === undefined || carriage.initial !== 'read') return
        const { askServer } = await import('./asked-server.ts')
        const dial = () => askServer(upstream, carriage.protocol.framing)
        await carriage.readInitially({ recorder, node: to }, dial)
        return
      }
      const table = tableOf(carriage)
      const { initial } = table ?? {}
      if (table === undefined || recorder === undefined || typeof initial !== 'object' || !('read' in initial)) return
      const { readInitially } = await import('../../http/initial-read.ts')
      await readInitially({ table, keys: initial.read, recorder, node: to, upstream })
    },
    async processesFor(carriage) {
      if (recorder === undefined || !isByProcess(carriage)) return undefined
      return (await import('../../peer/socket-owner.ts')).findAnyProcess()
    },
    requests: () => http.value?.statistics() ?? new Map(),
    applyToRequests: (fault) =>
      applyToRequests(fault, { http: http.value, http2: http2.value, messages: messages.value }),
    applyToHttp2: (fault) => carriedBy(http2, fault).apply(fault),
    applyToMessages: (fault) => carriedBy(messages, fault).apply(fault),
    applyToStatements: (fault) => carriedBy(messages, fault).applyToStatements(fault),
  }
}

interface RequestReaders {
  readonly http: HttpFaults | undefined
  readonly http2: Http2Faults | undefined
  readonly messages: MessageFaults | undefined
}

function applyToRequests(fault: HttpFault, { http, http2, messages }: RequestReaders): InForce {
  const { kind, links } = fault
  const strange = links.find((link) => ![http, http2, messages].some((reader) => reader?.carries(link) === true))
  if (strange !== undefined && http === undefined) throw uncarried(kind, links)
  const only = (reader: { carries(link: Link): boolean } | undefined): readonly Link[] =>
    links.filter((link) => link === strange || reader?.carries(link) === true)
  const applied: InForce[] = []
  const byHttp = only(http)
  if (http !== undefined && byHttp.length > 0) applied.push(http.apply({ ...fault, links: byHttp }))
  const others = [
    { reader: http2, apply: http2?.apply },
    { reader: messages, apply: messages?.applyToStatements },
  ]
  for (const { reader, apply } of others) {
    const carried = links.filter((link) => reader?.carries(link) === true)
    if (apply === undefined || carried.length === 0) continue
    if (isUnansweredFault(fault)) applied.push(apply({ ...fault, links: carried }))
    else if (applied.length === 0) throw notHttp1(kind, carried, reader === http2)
  }
  return together(applied)
}

const notHttp1 = (kind: string, links: readonly Link[], isHttp2: boolean): UserError =>
  usageError(
    `${kind} on ${links.map(linkName).join(', ')}: this fault acts on HTTP/1.1, and the link carries ${isHttp2 ? 'HTTP/2. Faults of HTTP/2 are lose-reply, crash-before-reply, delay-stream, reset-stream and grpc-status' : 'SQL. Faults of SQL are lose-reply, crash-before-reply and sql-error'}.`,
  )

function together(applied: readonly InForce[]): InForce {
  const sum = (count: (fault: InForce) => number) => applied.reduce((total, fault) => total + count(fault), 0)
  return {
    get hits() {
      return sum(({ hits }) => hits)
    },
    get recent() {
      return applied.flatMap(({ recent = [] }) => recent)
    },
    get missed() {
      return sum(({ missed = 0 }) => missed)
    },
    get missedBecause() {
      return applied.find(({ missedBecause }) => missedBecause !== undefined)?.missedBecause
    },
    remove() {
      for (const fault of applied) fault.remove()
    },
  }
}

/**
 * Returns a function that creates the rewriters of the first bytes in both directions of a connection. Returns
 * undefined if these bytes pass unchanged.
 *
 * @throws UserError (usage) for TLS that the proxy cannot read.
 */
function startsOf(carriage: Carriage, tls: ReadWay['tls']): ((bound: () => void) => Starts) | undefined {
  const { plainly, encryption, name } = framingOf(carriage) ?? {}
  if (plainly !== undefined && tls !== undefined)
    throw usageError(
      `${name} starts TLS in the middle of a connection, and the proxy cannot read that. Remove tls:// from the proxy's addresses, and let the server accept plaintext.`,
    )
  if (plainly !== undefined) return plainly
  return tls?.originate === undefined || encryption === undefined ? undefined : (bound) => encryption.unbinding(bound)
}

function isByProcess(carriage: Carriage): boolean {
  if (carriage.kind === 'spoken') return carriage.client === 'peer.process'
  const table = tableOf(carriage)
  if (table === undefined) return false
  return clientSourcesOf(table).includes('peer.process')
}

const tableOf = (carriage: Carriage): RouteTable | undefined => ('table' in carriage ? carriage.table : undefined)

interface Lazy<Value> {
  /** Undefined until made. */
  readonly value: Value | undefined
  /** Creates the value once; every call returns the same value. */
  make(): Promise<Value>
}

function createLazily<Value>(create: () => Promise<Value>): Lazy<Value> {
  let value: Value | undefined
  let making: Promise<Value> | undefined
  return {
    get value() {
      return value
    },
    make() {
      making ??= create().then((made) => {
        value = made
        return made
      })
      return making
    },
  }
}

function carriedBy<Value>({ value }: Lazy<Value>, { kind, links }: Pick<TrafficFault, 'kind' | 'links'>): Value {
  if (value !== undefined) return value
  throw uncarried(kind, links)
}

function uncarried(kind: string, links: readonly Link[]): UserError {
  const where = links.map(linkName).join(', ')
  return usageError(
    `${kind} on ${where}: this fault needs a proxy that parses the traffic of the link. When you open a proxy, say what it carries with "carries" or --carries (${carriageNames().join(', ')}), or with "as" for a recorded server.`,
  )
}
