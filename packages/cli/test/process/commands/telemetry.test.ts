import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Event, nanos } from '@chaosproxy/history'
import { expect, onTestFinished, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { createQuota } from '../../../src/telemetry/quota.ts'
import { createSpanLog } from '../../../src/telemetry/span-log.ts'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number; readonly arrayValue?: object }
}

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly links?: readonly { readonly traceId: string }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

/** A collector that takes OTLP over HTTP as JSON. */
async function collector(status = 200) {
  const spans: Span[] = []
  const paths = new Set<string | undefined>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    paths.add(request.url)
    if (status === 200)
      for (const { scopeSpans } of JSON.parse(body).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { spans, paths, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const RUN = ['run', '--sim', '--seed', '3', '--time', '1s', '--rate', '200', '--faults', 'partition', '--quiet']
const runWith = (...args: readonly string[]) => chaosHere([...RUN, '--out', temporaryDirectory(), ...args])
const attributeOf = ({ attributes }: Span, name: string) => attributes.find(({ key }) => key === name)?.value

test('a run and its faults are exported as one trace, to which the trace of each operation links', async () => {
  const { spans, paths, url } = await collector()
  await runWith('--otel', url)
  const root = spans.find(({ name }) => name === 'chaos run sim:raft')
  expect([...paths]).toEqual(['/v1/traces'])
  expect(attributeOf(root!, 'chaos.seed')?.intValue).toBe(3)
  const faults = spans.filter(({ parentSpanId }) => parentSpanId === root!.spanId)
  expect(new Set(faults.map(({ name }) => name))).toEqual(new Set(['partition']))
  expect(faults.every((fault) => fault.traceId === root!.traceId && attributeOf(fault, 'chaos.fault.links'))).toBe(true)
  const operations = spans.filter((span) => attributeOf(span, 'chaos.outcome') !== undefined)
  expect(operations.length).toBeGreaterThan(100)
  for (const span of operations) {
    expect(span.links?.map(({ traceId }) => traceId)).toEqual([root!.traceId])
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano))
  }
  expect(operations.some((span) => attributeOf(span, 'chaos.faults') !== undefined)).toBe(true)
  expect(spans).toHaveLength(1 + faults.length + operations.length)
})

test('spans that a collector refuses are counted and reported, and do not change the verdict', async () => {
  const { url } = await collector(400)
  const { stderr, exitCode } = await chaosHere([
    ...RUN.filter((word) => word !== '--quiet'),
    ...['--out', temporaryDirectory(), '--otel', url],
  ])
  expect(stderr).toMatch(/OpenTelemetry: 0 spans sent to http:\/\/127.0.0.1:\d+; \d+ dropped \(.+\)/)
  expect(exitCode).toBe(0)
})

test('--otel refuses an invalid address before anything starts', async () => {
  const { stderr, exitCode } = await runWith('--otel', 'localhost')
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('--otel localhost is not the address of a collector')])
})

const event = (members: Partial<Event> & Pick<Event, 'time' | 'type'>): Event => ({
  ...{ index: 0, process: 1, f: 'read', key: 'x', value: null, node: 'n1', ...members },
})
const nemesis = (time: number, f: string, value: Event['value']): Event =>
  event({ time: nanos(time), type: 'info', process: 'nemesis', f, value, key: undefined, node: undefined })

test('a span names the faults in force when its operation ends, and the span of a rejected acquire has no error', () => {
  const log = createSpanLog()
  log.note(event({ time: nanos(1), type: 'invoke' }))
  log.note(nemesis(2, 'kill', { id: 'f1', nodes: ['n2'] }))
  expect(log.note(event({ time: nanos(3), type: 'info', error: 'timeout' }))).toMatchObject({
    name: 'read x',
    error: 'info: timeout',
    attributes: { 'chaos.faults': ['n2 killed'], 'chaos.node': 'n1', 'chaos.outcome': 'info' },
  })
  log.note(event({ time: nanos(4), type: 'invoke', f: 'acquire' }))
  expect(log.note(event({ time: nanos(5), type: 'fail', f: 'acquire', answered: true, error: 'held' }))?.error).toBe(
    undefined,
  )
  expect(log.note(nemesis(6, 'heal', { id: 'f1', fault: 'kill', hits: 2 }))).toMatchObject({
    ...{ name: 'kill', from: 2, to: 6 },
    attributes: { 'chaos.fault.hits': 2, 'chaos.fault.nodes': ['n2'] },
  })
})

test('spans that are open at the end of a run are closed with the end time', () => {
  const log = createSpanLog()
  log.note(event({ time: nanos(1), type: 'invoke' }))
  log.note(nemesis(2, 'earthquake', { id: 'f1' }))
  expect(log.endAll(nanos(9)).map(({ name, to }) => [name, to])).toEqual([
    ['read x', 9],
    ['earthquake', 9],
  ])
  expect(log.endAll(nanos(10))).toEqual([])
})

test('createQuota admits a fixed number of spans per second', () => {
  const admits = createQuota(10)
  const admitted = Array.from({ length: 300 }, (_, i) => admits(nanos(i * 1e7))).filter(Boolean)
  // The quota admits ten spans at the beginning, and ten more in each of the three seconds.
  expect(admitted.length).toBeGreaterThanOrEqual(38)
  expect(admitted.length).toBeLessThanOrEqual(40)
})
