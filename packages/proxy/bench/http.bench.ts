import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHttpFault } from '@chaos/faults'
import type { Network, RecordFile, Route, RouteTable } from '@chaos/proxy'
import {
  bodyOfRequest,
  bodyOfResponse,
  createHttpFaults,
  createNetwork,
  createRecorder,
  HeaderMemo,
  MessageParser,
  openRecordFile,
  RequestHeadReader,
  ResponseHeadReader,
  STEP,
} from '@chaos/proxy'
import type { Helper } from './children.ts'
import { startHelper } from './children.ts'
import type { HttpLoadRequest } from './http-load.ts'

export const name = 'http: recorded, under rules, and passed on'

const ROUNDS = 11
const ROUND_MS = 250
const WARM_UP_ROUNDS = 2
const PARSED_MESSAGES = 300_000

/** What stands in the way of the requests, and how much of the speed of passing them it is to keep. */
interface Variant {
  readonly title: string
  readonly table?: RouteTable
  readonly views?: 1 | 2
  readonly rules?: readonly object[]
  readonly goal?: number
}

const text: RouteTable = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'body' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
  ],
}
const large = (result: string): RouteTable => ({ routes: [{ request: 'GET /large', f: 'read', result }] })

/** None of them is for these requests, which takes a look at each to know. */
const fiveRules = [
  { method: 'DELETE' },
  { path: '/users/{id}' },
  { header: 'X-Tenant' },
  { method: 'PUT', path: '/items/*' },
  { client: '10.0.0.0/8' },
]

const small: readonly Variant[] = [
  { title: 'passed' },
  { title: 'recorded', table: text, goal: 0.88 },
  { title: 'recorded in two views', table: text, views: 2 },
  { title: 'recorded, five rules', table: text, rules: fiveRules, goal: 0.85 },
]
const bodies: readonly Variant[] = [
  { title: 'passed' },
  { title: 'recorded by their ETag', table: large('header.ETag'), goal: 0.9 },
  { title: 'recorded by their SHA-256', table: large('body') },
]

/** Server and clients have a process each, and the proxy this one; in each round, every variant has its turn. */
export async function run(print: (line: string) => void): Promise<void> {
  const server = startHelper('./http-load.js')
  const client = startHelper('./http-load.js')
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const { port } = await server.ask<{ port: number }>({ do: 'serve' })
    const compared = { client, port, directory, print }
    await compare('requests', small, { size: 'small', connections: 64 }, compared)
    await compare('MiB', bodies, { size: 'large', connections: 8 }, compared)
    for (const line of parsing()) print(line)
  } finally {
    server.stop()
    client.stop()
    rmSync(directory, { recursive: true })
  }
}

interface Bench {
  readonly client: Helper
  readonly port: number
  readonly directory: string
  readonly print: (line: string) => void
}

async function compare(
  unit: string,
  variants: readonly Variant[],
  load: Pick<HttpLoadRequest, 'size' | 'connections'>,
  { client, port, directory, print }: Bench,
): Promise<void> {
  const network = createNetwork({ seed: 1 })
  const files: RecordFile[] = []
  const routes: Route[] = []
  for (const [i, variant] of variants.entries()) {
    const opened = ['history', 'backend']
      .slice(0, variant.views ?? 1)
      .map((view) => openRecordFile(join(directory, `${view}-${load.size}-${i}.jsonl`)))
    files.push(...opened)
    routes.push(await openVariant(network, variant, `n${i}`, port, opened))
  }
  const rounds: { readonly perSecond: number; readonly cpuMicroseconds: number }[][] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const measured: { perSecond: number; cpuMicroseconds: number }[] = []
    // Who comes first changes, so that nobody always comes after the same one.
    for (const i of variants.map((_, at) => (at + round) % variants.length)) {
      const before = process.cpuUsage()
      const { perSecond } = await client.ask<{ perSecond: number }>({
        do: 'load',
        port: routes[i]?.port,
        durationMs: ROUND_MS,
        ...load,
      })
      const { user, system } = process.cpuUsage(before)
      measured[i] = { perSecond, cpuMicroseconds: (user + system) / ((perSecond * ROUND_MS) / 1000) }
    }
    if (round >= WARM_UP_ROUNDS) rounds.push(measured)
  }
  for (const [i, { title, goal }] of variants.entries()) {
    const perSecond = median(rounds.map((round) => round[i]?.perSecond ?? 0))
    const cpu = median(rounds.map((round) => round[i]?.cpuMicroseconds ?? 0))
    const ratio = median(rounds.map((round) => (round[i]?.perSecond ?? 0) / (round[0]?.perSecond ?? 1)))
    const judged = goal === undefined ? '' : `, goal ≥ ${goal}${ratio >= goal ? '' : ' MISSED'}`
    print(
      `${title.padEnd(28)} ${Math.round(perSecond).toLocaleString('en').padStart(8)} ${unit}/s  ${cpu.toFixed(1)} µs CPU each  ${ratio.toFixed(3)} of passing them${judged}`,
    )
  }
  await network.close()
  for (const file of files) await file.close()
}

async function openVariant(
  network: Network,
  { table, rules }: Variant,
  to: string,
  port: number,
  files: readonly RecordFile[],
): Promise<Route> {
  const upstream = { host: '127.0.0.1', port }
  const [client, backend] = files
  if (table === undefined || client === undefined) return await network.route({ from: 'clients', to, upstream })
  const recorder = createRecorder({ client, backend })
  const http = createHttpFaults({ seed: 1, recorder, recordQueues: files })
  const route = await network.route({
    from: 'clients',
    to,
    upstream,
    intercept: http.intercept({ from: 'clients', to, table }),
  })
  for (const match of rules ?? [])
    http.apply(parseHttpFault({ kind: 'error-status', links: [`clients>${to}`], match }, 'bench'))
  return route
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

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
