import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { createRandom, http2Family, httpFamily, type TcpFault, type TcpHarm } from '@chaosproxy/faults'
import { type EventInput, millis } from '@chaosproxy/history'
import protobuf from 'protobufjs'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import type { RouteTable } from '../../../recorder/src/routes/table/route-table.ts'
import type { Trigger } from '../../../testing/src/fault-parts.ts'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import { links, network, on } from '../../../testing/src/sockets.ts'
import { FrameReader } from '../../../wire/src/framing/frame-reader.ts'
import { FRAME, streamOf, typeOf } from '../../../wire/src/http2/frames.ts'
import { createHttp2Scanner } from '../../../wire/src/http2/http2-scanner.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import { createHttp2Faults } from '../../src/http2/http2-faults.ts'
import { chain } from '../../src/interceptor/chain.ts'
import type { Intercept } from '../../src/interceptor/interceptor.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { kvService, kvTable } from '../grpc/peers.ts'
import { keyValueHttp2 } from '../http2/recorded.ts'
import { httpClient, keyValueService, textTable } from './live.ts'

const CLIENTS = 16
const PATIENCE_MS = 300
/** How many requests a client has in progress, if its protocol allows more than one. */
const AT_ONCE = 3
/** A client sends at most this many rounds of requests on one connection. The requests of a round are sent at once. */
const MOST_ROUNDS = 8

export type Spoken = 'HTTP/1.1' | 'HTTP/2' | 'gRPC'

/**
 * All faults on bytes. No bits are flipped on the way to the server, because it would then execute a different request.
 */
const linkFaults: readonly (readonly [keyof typeof links, TcpHarm, Trigger<TcpFault>])[] = [
  ['both', { kind: 'latency', latencyMs: millis(2), jitterMs: millis(2) }, { probability: 0.3 }],
  ['both', { kind: 'slice', averageBytes: 30, variationBytes: 20, pauseMs: millis(0) }, { probability: 0.2 }],
  ['both', { kind: 'bandwidth', bytesPerSecond: 20_000 }, { probability: 0.1 }],
  ['to', { kind: 'reset-peer', afterMs: millis(60) }, { probability: 0.1 }],
  ['back', { kind: 'reset-peer', afterMs: millis(60) }, { probability: 0.1 }],
  ['to', { kind: 'limit-bytes', bytes: 300 }, { probability: 0.1 }],
  ['back', { kind: 'limit-bytes', bytes: 200 }, { probability: 0.1 }],
  ['both', { kind: 'limit-time', afterMs: millis(100) }, { probability: 0.05 }],
  ['to', { kind: 'timeout', afterMs: millis(20) }, { probability: 0.03, afterBytes: 150 }],
  ['back', { kind: 'timeout', afterMs: millis(20) }, { probability: 0.03, afterBytes: 100 }],
  ['both', { kind: 'half-open' }, { probability: 0.1 }],
  ['both', { kind: 'slow-close', delayMs: millis(10) }, { probability: 0.1 }],
  ['to', { kind: 'slow-connect', delayMs: millis(5) }, { probability: 0.1 }],
  ['to', { kind: 'refuse' }, { probability: 0.05 }],
  ['to', { kind: 'partition', mode: 'hold' }, { probability: 0.03, afterBytes: 100 }],
  ['back', { kind: 'blackhole' }, { probability: 0.03, afterBytes: 100 }],
  ['back', { kind: 'corrupt', probability: 0.0001 }, {}],
]

const when = { probability: 0.03 }
const httpFaults: readonly object[] = [
  { kind: 'lose-request', when },
  { kind: 'crash-before-reply', when },
  { kind: 'lose-reply', when },
  { kind: 'delay-reply', delayMs: 5, jitterMs: 3, when },
  { kind: 'delay-request', delayMs: 5, jitterMs: 3, when },
  { kind: 'error-status', when },
  { kind: 'error-status', after: 'forwarding', when },
  { kind: 'duplicate-request', when },
  { kind: 'reorder-replies', withinMs: 5, when },
  { kind: 'trickle-request', pauseMs: 1, when },
  { kind: 'trickle-reply', pauseMs: 1, when },
  { kind: 'truncate-reply', when },
  { kind: 'edit-reply', headers: { 'X-Edited': 'yes' }, when },
]
const http2Faults: readonly object[] = ['clients>n1', 'n1>clients'].flatMap((link) =>
  [
    { kind: 'delay-stream', delayMs: 5, jitterMs: 3, when },
    { kind: 'reset-stream', when },
    { kind: 'reset-stream', code: 'REFUSED_STREAM', when },
    { kind: 'goaway', when: { probability: 0.01 } },
  ].map((fault) => ({ ...fault, links: [link] })),
)

interface Request {
  readonly f: 'read' | 'write'
  readonly key: string
  readonly value: string
}

/** One request in four reads the key `shared`, and one in forty writes it. Each other write has its own key. */
function draw(id: number): Request {
  if (id % 4 === 3) return { f: 'read', key: 'shared', value: '' }
  return { f: 'write', key: id % 40 === 0 ? 'shared' : `k${id}`, value: `v${id}` }
}

interface Service {
  readonly host: string
  readonly port: number
  /** The writes that the service executed, in order, as `KEY=VALUE`. */
  journal(): readonly string[]
}

const services: { readonly [spoken in Spoken]: () => Promise<Service> } = {
  async 'HTTP/1.1'() {
    const service = await keyValueService()
    const writes = () => service.seen.filter((seen) => seen.startsWith('PUT '))
    return { ...service, journal: () => writes().map((seen) => seen.slice(4).replace(' ', '=')) }
  },
  async 'HTTP/2'() {
    const service = await keyValueHttp2()
    return { ...service, journal: () => service.journal }
  },
  async gRPC() {
    const service = await kvService()
    return { ...service, journal: () => service.journal }
  },
}

const tables: { readonly [spoken in Spoken]: RouteTable } = {
  'HTTP/1.1': textTable,
  'HTTP/2': textTable,
  gRPC: kvTable,
}

/** Records clients of a server under all faults, and compares the record with the server's journal. */
export async function recordHttpUnderFaults(spoken: Spoken, operations: number) {
  const view = new RecordedLines()
  const recorder = createRecorder({ now: startRunClock(), client: view, backend: new RecordedLines() })
  const service = await services[spoken]()
  const way = { from: 'clients', to: 'n1', table: tables[spoken] }
  const http = createHttpFaults({ seed: 1, recorder })
  const http2 = createHttp2Faults({ seed: 1, recorder })
  const heads = { count: 0 }
  const recorded = (spoken === 'HTTP/1.1' ? http : http2).intercept(way)
  const intercept = chain(countHeads(spoken, heads), recorded)
  const made = network()
  const route = await made.route({ from: 'clients', to: 'n1', upstream: service, intercept })
  const applied = [
    ...linkFaults.map(([where, harm, trigger]) => made.apply(on(links[where], harm, trigger))),
    ...(spoken === 'HTTP/1.1'
      ? httpFaults.map((fault) => http.apply(httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test')))
      : http2Faults.map((fault) => http2.apply(http2Family.parse(fault, 'test')))),
  ]
  let sent = 0
  const next = (): Request | undefined => (recorder.counters.operations >= operations ? undefined : draw(sent++))
  const ask = spoken === 'HTTP/1.1' ? askHttp1 : spoken === 'HTTP/2' ? askHttp2 : askGrpc
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => ask(route.port, next, i)))
  await route.close()

  const outcomes = outcomesOf(view.events)
  const journal = service.journal()
  const times = new Map<string, number>()
  for (const write of journal) times.set(write, (times.get(write) ?? 0) + 1)
  const shared = new Set(journal.filter((write) => write.startsWith('shared=')).map((write) => write.slice(7)))
  const known = new Set(outcomes.filter(({ type }) => type !== 'fail').map(({ key, value }) => `${key}=${value}`))
  const { counters } = recorder
  return {
    counters,
    sent,
    /** The number of requests whose heads arrived, counted independently of the recorder. */
    arrived: heads.count,
    accounted: counters.operations + counters.unmatched + counters.incomplete + counters.notUnderstood,
    count: (type: string) => outcomes.filter((each) => each.type === type).length,
    unhit: applied.filter(({ hits }) => hits === 0).map(({ fault }) => fault.kind),
    /** Operations whose recorded outcome contradicts the server's journal. */
    wrong: outcomes.filter(({ f, key, value, type }) => {
      if (f === 'read') return type === 'ok' && value !== undefined && !shared.has(String(value))
      const written = times.get(`${key}=${value}`) ?? 0
      return type === 'ok' ? written === 0 : type === 'fail' ? written > 0 : type !== 'info'
    }),
    /** The number of executed writes that are not recorded as operations. */
    unaccounted: [...times.keys()].filter((write) => !known.has(write)).length,
  }
}

interface Outcome {
  readonly f: string
  readonly key: EventInput['key']
  readonly type: string
  /** For a write, the value to write. For a read, the value that it returned. */
  readonly value: unknown
}

/**
 * Returns the outcome of each operation; `open` for an operation that never ended.
 *
 * @throws if a process has two operations at the same time.
 */
function outcomesOf(events: readonly EventInput[]): readonly Outcome[] {
  const open = new Map<EventInput['process'], number>()
  const outcomes: Outcome[] = []
  for (const { process, type, f, key, value } of events) {
    const at = open.get(process)
    if ((at === undefined) !== (type === 'invoke')) throw new Error(`process ${process}: ${type} out of order`)
    if (at === undefined) {
      open.set(process, outcomes.length)
      outcomes.push({ f, key, type: 'open', value })
      continue
    }
    open.delete(process)
    outcomes[at] = { f, key, type, value: f === 'read' ? (value ?? undefined) : outcomes[at]?.value }
  }
  return outcomes
}

/** Counts the requests before they reach the recorder. */
function countHeads(spoken: Spoken, heads: { count: number }): Intercept {
  return (conversation) => {
    const reader = new FrameReader({ scanner: createHttp2Scanner('requests'), maxFrameBytes: 1 << 20 })
    const { requests, responses } = conversation
    let highest = 0
    const count = (bytes: Buffer): void => {
      if (spoken === 'HTTP/1.1') {
        heads.count += bytes.toString('latin1').match(/(GET|PUT) \/kv\//g)?.length ?? 0
        return
      }
      reader.read(bytes, {
        frame(frame) {
          if (typeOf(frame) !== FRAME.headers || streamOf(frame) <= highest) return
          highest = streamOf(frame)
          heads.count++
        },
        loose: () => undefined,
      })
    }
    return {
      requests: {
        receive(bytes) {
          count(bytes)
          return requests.pass(bytes)
        },
        end: () => requests.end(),
        reset: () => requests.reset(),
        delivered: () => undefined,
      },
      responses: {
        receive: (bytes) => responses.pass(bytes),
        end: () => responses.end(),
        reset: () => responses.reset(),
        delivered: () => undefined,
      },
      closed: () => undefined,
    }
  }
}

type Ask = (port: number, next: () => Request | undefined, client: number) => Promise<void>

const askHttp1: Ask = async (port, next) => {
  const send = httpClient(port)
  for (let request = next(); request !== undefined; request = next()) {
    const { f, key, value } = request
    const body = f === 'write' ? value : undefined
    await send(f === 'write' ? 'PUT' : 'GET', `/kv/${key}`, body, { timeoutMs: PATIENCE_MS })
  }
}

const askHttp2: Ask = (port, next, client) =>
  askStreams(port, next, client, ({ f, key, value }) => ({
    headers: { ':method': f === 'write' ? 'PUT' : 'GET', ':path': `/kv/${key}` },
    body: f === 'write' ? Buffer.from(value) : undefined,
  }))

const askGrpc: Ask = (port, next, client) =>
  askStreams(port, next, client, ({ f, key, value }) => {
    const writer = protobuf.Writer.create().uint32(0x0a).string(key)
    const message = f === 'write' ? writer.uint32(0x12).string(value).finish() : writer.finish()
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    return {
      headers: {
        ':method': 'POST',
        ':path': `/kv.v1.Store/${f === 'write' ? 'Put' : 'Get'}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      },
      body: Buffer.concat([prefix, message]),
    }
  })

type Encode = (request: Request) => { readonly headers: OutgoingHttpHeaders; readonly body: Buffer | undefined }

/**
 * Sends several requests at once on one connection. Opens a new connection after a failure, or after `MOST_ROUNDS`
 * rounds.
 */
async function askStreams(
  port: number,
  next: () => Request | undefined,
  client: number,
  encode: Encode,
): Promise<void> {
  const random = createRandom(client)
  let isOver = false
  while (!isOver) {
    const session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => undefined)
    const closed = once(session, 'close').catch(() => undefined)
    await within(Promise.race([once(session, 'connect').catch(() => undefined), closed]))
    for (let round = 0; round < MOST_ROUNDS && !isOver && !session.closed && !session.destroyed; round++) {
      const asking = Array.from({ length: AT_ONCE }, async () => {
        const request = next()
        if (request === undefined) isOver = true
        else await askStream(session, encode(request), random.chance(0.05))
      })
      await Promise.all(asking)
    }
    session.destroy()
    await within(closed)
  }
}

/** @param hesitates whether to pause between the head and the body, so that other requests come between them */
async function askStream(
  session: ClientHttp2Session,
  { headers, body }: ReturnType<Encode>,
  hesitates: boolean,
): Promise<void> {
  if (session.closed || session.destroyed) return
  const stream = session.request(headers, { endStream: body === undefined })
  stream.on('error', () => undefined)
  stream.resume()
  const closed = once(stream, 'close').catch(() => undefined)
  const patience = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), PATIENCE_MS)
  if (hesitates) await new Promise((resolve) => setTimeout(resolve, 2))
  if (body !== undefined && !stream.destroyed) stream.end(body)
  await within(closed)
  clearTimeout(patience)
  // A session that sends nothing any more does not send the stream's reset either, so destroy the session.
  if (!stream.closed) session.destroy()
}

/** Waits until an event happens or a time limit has passed. The time limit prevents a client from waiting for ever. */
async function within(happening: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise((resolve) => {
    timer = setTimeout(resolve, 2 * PATIENCE_MS)
  })
  await Promise.race([happening, enough])
  clearTimeout(timer)
}
