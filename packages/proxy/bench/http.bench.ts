import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { httpFamily } from '@chaosproxy/faults'
import { createHttpFaults, openRecordFile, type RecordFile, startRunClock } from '@chaosproxy/proxy'
import type { Intercept } from '@chaosproxy/proxy/parts'
import { createRecorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import {
  bodyOfRequest,
  bodyOfResponse,
  HeaderMemo,
  MessageParser,
  RequestHeadReader,
  ResponseHeadReader,
  STEP,
} from '@chaosproxy/wire/http'
import { startHelper } from './children.ts'
import { compareVariants, type Variant } from './compare-variants.ts'
import type { HttpLoadRequest } from './http-load.ts'

export const name = 'http: recorded, under rules, and passed on'

const PARSED_MESSAGES = 300_000

interface HttpVariant extends Variant {
  readonly table?: RouteTable
  readonly views?: 1 | 2
  readonly rules?: readonly object[]
}

const text: RouteTable = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'body' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
  ],
}
const large = (result: string): RouteTable => ({ routes: [{ request: 'GET /large', f: 'read', result }] })

/** None of these rules matches the benchmark's requests, but the proxy must examine each request to know this. */
const fiveRules = [
  { method: 'DELETE' },
  { path: '/users/{id}' },
  { header: 'X-Tenant' },
  { method: 'PUT', path: '/items/*' },
  { client: '10.0.0.0/8' },
]

const small: readonly HttpVariant[] = [
  { title: 'passed' },
  { title: 'recorded', table: text, goal: 0.88 },
  { title: 'recorded in two views', table: text, views: 2 },
  { title: 'recorded, five rules', table: text, rules: fiveRules, goal: 0.85 },
]
const bodies: readonly HttpVariant[] = [
  { title: 'passed' },
  { title: 'recorded by their ETag', table: large('header.ETag'), goal: 0.9 },
  { title: 'recorded by their SHA-256', table: large('body') },
]

/**
 * The server and the clients run in a process each, and the proxy runs in this process. Each round measures every
 * variant.
 */
export async function run(print: (line: string) => void): Promise<void> {
  const server = startHelper('./http-load.js')
  const client = startHelper('./http-load.js')
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const { port } = await server.ask<{ port: number }>({ do: 'serve' })
    const open = (name: string) => openRecordFile(join(directory, name))
    const load = (request: Pick<HttpLoadRequest, 'size' | 'connections'>) => (port: number, durationMs: number) =>
      client.ask<{ perSecond: number }>({ do: 'load', port, durationMs, ...request } satisfies HttpLoadRequest)
    for (const { variants, unit, request } of [
      { variants: small, unit: 'requests', request: { size: 'small', connections: 64 } },
      { variants: bodies, unit: 'MiB', request: { size: 'large', connections: 8 } },
    ] as const)
      await compareVariants({
        variants,
        unit,
        openRecord: (name) => open(`${request.size}-${name}`),
        intercept: (variant, to, records) => interceptOf(variant, to, records),
        port,
        load: load(request),
        print,
      })
    for (const line of parsing()) print(line)
  } finally {
    server.stop()
    client.stop()
    rmSync(directory, { recursive: true })
  }
}

function interceptOf(
  { table, rules }: HttpVariant,
  to: string,
  [client, backend]: readonly RecordFile[],
): Intercept | undefined {
  if (table === undefined || client === undefined) return undefined
  const records = backend === undefined ? [client] : [client, backend]
  const http = createHttpFaults({
    seed: 1,
    recorder: createRecorder({ now: startRunClock(), client, backend }),
    recordQueues: records,
  })
  const intercept = http.intercept({ from: 'clients', to, table })
  for (const match of rules ?? [])
    http.apply(httpFamily.parse({ kind: 'error-status', links: [`clients>${to}`], match }, 'bench'))
  return intercept
}

const REQUEST = Buffer.from('GET /kv/key17 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n\r\n')
const LONG_REQUEST = Buffer.from(
  `GET /kv/key17 HTTP/1.1\r\nHost: n1\r\n${Array.from({ length: 14 }, (_, i) => `X-Header-${i}: ${'z'.repeat(50)}\r\n`).join('')}\r\n`,
)
const RESPONSE = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Fri, 20 Nov 2026 11:00:00 GMT\r\nContent-Length: 32\r\n\r\n${'v'.repeat(32)}`,
)

function* parsing(): Generator<string> {
  const requests = new MessageParser(new RequestHeadReader(new HeaderMemo()))
  const responses = new MessageParser(new ResponseHeadReader(new HeaderMemo()))
  const cases = [
    ['a request', REQUEST, requests, () => requests.frame(bodyOfRequest(requests.head))],
    ['a request of 1 KB', LONG_REQUEST, requests, () => requests.frame(bodyOfRequest(requests.head))],
    ['an answer', RESPONSE, responses, () => responses.frame(bodyOfResponse(responses.head, 'GET'))],
  ] as const
  for (const [title, bytes, parser, frame] of cases) {
    readMany(parser, bytes, frame)
    const before = process.cpuUsage()
    readMany(parser, bytes, frame)
    const { user, system } = process.cpuUsage(before)
    const ns = ((user + system) * 1000) / PARSED_MESSAGES
    yield `parsing ${title.padEnd(20)} ${ns.toFixed(0).padStart(8)} ns${ns <= 400 ? '' : ' MISSED'}, goal ≤ 400`
  }
}

function readMany(parser: Pick<MessageParser<never>, 'read' | 'offset'>, bytes: Buffer, frame: () => void): void {
  for (let i = 0; i < PARSED_MESSAGES; i++) {
    for (let at = 0; ; at = parser.offset) {
      const step = parser.read(bytes, at)
      if (step === STEP.more) break
      if (step === STEP.head) frame()
    }
  }
}
