import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecordFile, type RecordFile, startRunClock } from '@chaosproxy/proxy'
import { createHttp2Faults, type Intercept } from '@chaosproxy/proxy/parts'
import { createRecorder } from '@chaosproxy/recorder'
import { parseRouteTable } from '@chaosproxy/recorder/routes'
import { startHelper } from './children.ts'
import { compareVariants, type Variant } from './compare-variants.ts'
import { cpuPerRequest, traffic } from './http2-frames.ts'
import type { Http2LoadRequest } from './http2-load.ts'

export const name = 'http2: recorded, read, and passed on'

interface Http2Variant extends Variant {
  readonly reads: 'nothing' | 'frames' | 'operations'
}

const variants: readonly Http2Variant[] = [
  { title: 'passed', reads: 'nothing' },
  { title: 'read, for faults', reads: 'frames' },
  { title: 'recorded', reads: 'operations' },
  { title: 'recorded in two views', reads: 'operations', views: 2 },
]

const tables = {
  'HTTP/2': {
    routes: [
      { request: 'GET /kv/{key}', f: 'read', result: 'body' },
      { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
    ],
  },
  gRPC: {
    messages: {
      'kv.v1.GetRequest': ['string key = 1'],
      'kv.v1.GetResponse': ['string value = 1'],
      'kv.v1.PutRequest': ['string key = 1', 'string value = 2'],
      'kv.v1.PutResponse': [],
    },
    methods: {
      '/kv.v1.Store/Get': ['kv.v1.GetRequest', 'kv.v1.GetResponse'],
      '/kv.v1.Store/Put': ['kv.v1.PutRequest', 'kv.v1.PutResponse'],
    },
    routes: [
      { request: 'GRPC /kv.v1.Store/Get', f: 'read', key: 'json.key', result: 'json.value' },
      { request: 'GRPC /kv.v1.Store/Put', f: 'write', key: 'json.key', value: 'json.value' },
    ],
  },
} as const

/**
 * The server and the clients run in a process each, and the proxy runs in this process. Each of 8 connections has 8
 * requests in progress at once.
 */
export async function run(print: (line: string) => void): Promise<void> {
  const server = startHelper('./http2-load.js')
  const client = startHelper('./http2-load.js')
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    const { port } = await server.ask<{ port: number }>({ do: 'serve' })
    for (const spoken of ['HTTP/2', 'gRPC'] as const) {
      print(spoken)
      await compareVariants({
        variants,
        unit: 'requests',
        port,
        openRecord: (file) => openRecordFile(join(directory, `${spoken.replace('/', '')}-${file}`)),
        intercept: (variant, to, records) => interceptOf(variant, spoken, to, records),
        load: (port, durationMs) =>
          client.ask<{ perSecond: number }>({
            do: 'load',
            port,
            spoken,
            sessions: 8,
            atOnce: 8,
            durationMs,
          } satisfies Http2LoadRequest),
        print,
      })
      for (const line of withoutSockets(spoken, (file) => openRecordFile(join(directory, file)))) print(line)
    }
  } finally {
    server.stop()
    client.stop()
    rmSync(directory, { recursive: true })
  }
}

const REQUESTS = 30_000
const ROUNDS = 5

/** Measures the CPU time of reading and recording alone. It does not depend on what else the machine does. */
function* withoutSockets(spoken: keyof typeof tables, open: (file: string) => RecordFile): Generator<string> {
  for (const [i, variant] of variants.entries()) {
    const records = ['history', 'backend'].slice(0, variant.views ?? 1).map((view) => open(`cpu-${i}-${view}.jsonl`))
    const intercept = interceptOf(variant, spoken, `cpu${i}`, records)
    if (intercept === undefined) continue
    const rounds = Array.from({ length: ROUNDS }, () => cpuPerRequest(intercept, traffic[spoken], REQUESTS))
    yield `${variant.title.padEnd(28)} ${Math.min(...rounds)
      .toFixed(2)
      .padStart(8)} µs CPU each, without sockets`
    for (const record of records) void record.close()
  }
}

function interceptOf(
  { reads }: Http2Variant,
  spoken: keyof typeof tables,
  to: string,
  [client, backend]: readonly RecordFile[],
): Intercept | undefined {
  if (reads === 'nothing' || client === undefined) return undefined
  const way = { from: 'clients', to }
  if (reads === 'frames') return createHttp2Faults({ seed: 1 }).intercept(way)
  const records = backend === undefined ? [client] : [client, backend]
  const http2 = createHttp2Faults({
    seed: 1,
    recorder: createRecorder({ now: startRunClock(), client, backend }),
    recordQueues: records,
  })
  return http2.intercept({ ...way, table: parseRouteTable(tables[spoken], 'bench') })
}
