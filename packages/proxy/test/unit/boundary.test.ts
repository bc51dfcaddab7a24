import { describe, expect, test } from 'vitest'
import type { ConnectionRecorder, Recorder } from '../../../recorder/src/record/recorder.ts'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import { dial, echo, eventually, network, Received, startDialling } from '../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../src/http/http-faults.ts'
import { createHttp2Faults } from '../../src/http2/http2-faults.ts'
import { bounded, clockWithin } from '../../src/interceptor/boundary.ts'
import { chain } from '../../src/interceptor/chain.ts'
import type { Conversation, Intercept } from '../../src/interceptor/interceptor.ts'
import { systemClock } from '../../src/link/clock.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import type { Trouble } from '../../src/tcp/trouble.ts'
import { keyValueService, textTable } from '../http/live.ts'
import { keyValueHttp2, send, sessionTo } from '../http2/recorded.ts'

const OVERFLOW = 'Maximum call stack size exceeded'
const bug = (): never => {
  throw new RangeError(OVERFLOW)
}

/** A recorder whose first connection throws at its second request. */
function failing(recorder: Recorder): Recorder {
  const open = recorder.connection.bind(recorder)
  let connections = 0
  const connection: Recorder['connection'] = (options) => {
    const recording = open(options)
    if (connections++ > 0) return recording
    let requests = 0
    const beginning =
      (begin: ConnectionRecorder['begin']): ConnectionRecorder['begin'] =>
      (time) =>
        ++requests === 2 ? bug() : begin(time)
    return { ...recording, begin: beginning(recording.begin), beginWhole: beginning(recording.beginWhole) }
  }
  return Object.assign(recorder, { connection })
}

function recorded() {
  const client = new RecordedLines()
  const recorder = createRecorder({ now: startRunClock(), client })
  const told = (key: string) =>
    client.events.filter((event) => event.key === key).map(({ type, value }) => `${type} ${value}`)
  return { recorder, client, told }
}

const way = { from: 'clients', to: 'n1', table: textTable }

async function routed(intercept: Intercept, upstream: { readonly host: string; readonly port: number }) {
  const troubles: Trouble[] = []
  const made = network()
  made.onTrouble((trouble) => void troubles.push(trouble))
  return { troubles, route: await made.route({ from: 'clients', to: 'n1', upstream, intercept }) }
}

const failed = (protocol: string) => [
  'touched',
  {
    what: `a connection of ${protocol} with a message that chaos failed to read (${OVERFLOW})`,
    why: 'from here on the connection is not understood',
  },
]

describe('a conversation whose reader throws', () => {
  test('a conversation ends its HTTP/1.1 connection, and no other connection, if its reader throws an error', async () => {
    const { recorder, client, told } = recorded()
    const intercept = createHttpFaults({ seed: 1, recorder: failing(recorder) }).intercept(way)
    const { route, troubles } = await routed(intercept, await keyValueService())
    const [bad, good] = [new Received(await dial(route)), new Received(await dial(route))]
    const put = (key: string, value: string) =>
      `PUT /kv/${key} HTTP/1.1\r\nHost: x\r\nContent-Length: ${value.length}\r\n\r\n${value}`
    bad.socket.write(put('x', '1'))
    await bad.until(({ text }) => text.includes('done'))
    good.socket.write(put('y', '1'))
    await good.until(({ text }) => text.includes('done'))
    const before = recorder.now()
    bad.socket.write(put('x', '2'))
    await bad.until(({ closed }) => closed)
    expect(bad.error).toBe('ECONNRESET')
    good.socket.write(put('y', '2'))
    await good.until(({ text }) => text.split('done').length === 3)
    expect(told('y')).toEqual(['invoke 1', 'ok 1', 'invoke 2', 'ok 2'])
    expect(told('x')).toEqual(['invoke 1', 'ok 1'])
    expect(client.remarks).toContainEqual(failed('HTTP/1.1'))
    const mark = client.lines.find((line) => line.includes(OVERFLOW)) ?? '{}'
    expect(JSON.parse(mark).time).toBeGreaterThanOrEqual(before)
    expect(recorder.counters).toMatchObject({ opaqueConnections: 1, open: 0, waiting: 0 })
    expect(troubles).toMatchObject([{ type: 'reader-failed', code: 'RangeError', why: OVERFLOW, count: 1 }])
  })

  test('a conversation ends its HTTP/2 connection, and no other connection, if its reader throws an error', async () => {
    const { recorder, client, told } = recorded()
    const intercept = createHttp2Faults({ seed: 1, recorder: failing(recorder) }).intercept(way)
    const { route, troubles } = await routed(intercept, await keyValueHttp2())
    const [bad, good] = [await sessionTo(route.port), await sessionTo(route.port)]
    expect(await send(bad, 'PUT', '/kv/x', '1')).toMatchObject({ status: 200 })
    expect(await send(good, 'PUT', '/kv/y', '1')).toMatchObject({ status: 200 })
    expect(await send(bad, 'PUT', '/kv/x', '2')).toMatchObject({ status: undefined })
    expect(await send(good, 'PUT', '/kv/y', '2')).toMatchObject({ status: 200 })
    await eventually(() => recorder.counters.open === 0)
    expect(told('y')).toEqual(['invoke 1', 'ok 1', 'invoke 2', 'ok 2'])
    expect(client.remarks).toContainEqual(failed('HTTP/2'))
    expect(recorder.counters).toMatchObject({ opaqueConnections: 1, open: 0, waiting: 0 })
    expect(troubles).toMatchObject([{ type: 'reader-failed', code: 'RangeError', count: 1 }])
  })

  test('a conversation leaves the outcome of its open requests unknown if its reader throws an error', async () => {
    const { recorder, told } = recorded()
    const silent = await keyValueService(() => undefined)
    silent.server.removeAllListeners('request')
    const intercept = createHttpFaults({ seed: 1, recorder: failing(recorder) }).intercept(way)
    const { route } = await routed(intercept, silent)
    const bad = new Received(await dial(route))
    bad.socket.write('PUT /kv/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1')
    await eventually(() => recorder.counters.open === 1)
    bad.socket.write('GET /kv/x HTTP/1.1\r\nHost: x\r\n\r\n')
    await bad.until(({ closed }) => closed)
    expect(told('x').map((event) => event.split(' ')[0])).toEqual(['invoke', 'info'])
    expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
  })
})

/** Calls `act` with each chunk of a request, and then passes the chunk on. */
const doing =
  (act: (conversation: Conversation, bytes: Buffer) => void): Intercept =>
  (conversation) => {
    const { requests, responses } = conversation
    return {
      requests: {
        receive(bytes) {
          act(conversation, bytes)
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

test('an interceptor that throws an error is notified of the failure once, and receives nothing more', () => {
  const calls: string[] = []
  const exit = { ...{ pass: () => true, end() {}, reset() {}, setReading() {} }, congested: false }
  const conversation = { ...{ id: 1, client: { host: 'h', port: 1 }, requests: exit, responses: exit }, dial() {} }
  const stage = {
    receive: (bytes: Buffer): boolean => calls.push(`receive ${bytes}`) > 0 && bug(),
    end: () => void calls.push('end'),
    reset: () => void calls.push('reset'),
    delivered: () => void calls.push('delivered'),
  }
  const { requests, responses, closed } = bounded(
    () => ({
      ...{ requests: stage, responses: stage, closed: () => void calls.push('closed') },
      failed: () => calls.push('failed') > 0 && bug(),
    }),
    { ...conversation, abort: () => void calls.push('abort') },
    () => void calls.push('reported'),
  )
  expect(requests.receive(Buffer.from('a'))).toBe(false)
  expect(responses.receive(Buffer.from('b'))).toBe(false)
  for (const each of [requests, responses]) {
    each.end()
    each.reset()
    each.delivered(1)
  }
  closed()
  expect(calls).toEqual(['receive a', 'failed', 'reported', 'abort', 'closed'])
})

const isBad = (bytes: Buffer): boolean => bytes.toString().includes('bad')

describe.each<[string, Intercept]>([
  ['a call', doing((_, bytes) => void (isBad(bytes) && bug()))],
  [
    'a timer',
    doing((conversation, bytes) => {
      if (isBad(bytes)) clockWithin(conversation, systemClock).after(1, bug)
    }),
  ],
  [
    'a chained interceptor',
    chain(
      doing(() => undefined),
      doing((_, bytes) => void (isBad(bytes) && bug())),
    ),
  ],
])('an error in %s of an interceptor', (_, intercept) => {
  test('an error in an interceptor resets the connection of this interceptor, and no other connection', async () => {
    const { route, troubles } = await routed(intercept, await echo())
    const [bad, good] = [new Received(await dial(route)), new Received(await dial(route))]
    bad.socket.write('bad')
    await bad.until(({ closed }) => closed)
    good.socket.write('good')
    await good.until(({ text }) => text === 'good')
    expect(bad.error).toBe('ECONNRESET')
    expect(troubles).toMatchObject([{ type: 'reader-failed' }])
    await eventually(() => route.liveConnections === 1)
  })
})

test('an interceptor that throws at its creation resets only its own connection', async () => {
  let connections = 0
  const made = doing(() => undefined)
  const intercept: Intercept = (conversation) => (connections++ === 0 ? bug() : made(conversation))
  const { route } = await routed(intercept, await echo())
  const bad = new Received(startDialling(route))
  await bad.until(({ closed }) => closed)
  const good = new Received(await dial(route))
  good.socket.write('good')
  await good.until(({ text }) => text === 'good')
  await eventually(() => route.liveConnections === 1)
  expect(connections).toBe(2)
})
