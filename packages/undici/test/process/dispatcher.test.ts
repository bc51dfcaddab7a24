import { once } from 'node:events'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dispatcherThrough } from '@chaosproxy/undici'
import type { Run } from 'chaosproxy'
import fc from 'fast-check'
import { Agent, type Dispatcher, fetch as fetchOfUndici, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { recording, recordOf, store, storeListener } from '../store.ts'

/** Makes a dispatcher the global one for the rest of the test. */
function installed(dispatcher: Dispatcher): void {
  const before = getGlobalDispatcher()
  setGlobalDispatcher(dispatcher)
  onTestFinished(async () => {
    setGlobalDispatcher(before)
    await dispatcher.destroy()
  })
}

const clientOf = (origin: string, name: string, dispatcher?: Dispatcher) => ({
  async put(value: number, key = 'x'): Promise<number> {
    const init = { method: 'PUT', body: JSON.stringify({ value }), headers: { 'X-Client': name } }
    const response = await (dispatcher === undefined
      ? fetch(`${origin}/kv/${key}`, init)
      : fetchOfUndici(`${origin}/kv/${key}`, { ...init, dispatcher }))
    // Read the whole response. Otherwise, a slow response could still arrive during the next request.
    await response.text()
    return response.status
  },
  async get(key = 'x'): Promise<unknown> {
    const response = await (dispatcher === undefined
      ? fetch(`${origin}/kv/${key}`, { headers: { 'X-Client': name } })
      : fetchOfUndici(`${origin}/kv/${key}`, { headers: { 'X-Client': name }, dispatcher }))
    if (response.status === 200) return ((await response.json()) as { value: unknown }).value
    await response.text()
    return response.status
  },
})

const verdictOf = ({ report }: Run) => report.levels.linearizable.result

describe('a global dispatcher', () => {
  test("a global dispatcher records the requests of Node's fetch to their usual URLs, and judges them", async () => {
    const origin = await store()
    const recorded = await recording(origin)
    installed(dispatcherThrough(recorded))
    const names = ['alice', 'bob', 'carol', 'dave']
    await Promise.all(names.map((name, i) => clientOf(origin, name).put(i)))
    await Promise.all(names.map((name) => clientOf(origin, name).get()))
    const run = await recorded.stop()
    expect(recordOf(run).filter(({ f, type }) => f === 'write' && type === 'ok')).toHaveLength(4)
    expect(verdictOf(run)).toBe('met')
    expect(run.report.headline).toBe('linearizable')
  })

  test('a recording through a global dispatcher finds stale reads of a store', async () => {
    const origin = await store({ stale: true })
    const recorded = await recording(origin)
    installed(dispatcherThrough(recorded))
    const alice = clientOf(origin, 'alice')
    await alice.put(1)
    await alice.put(2)
    expect(await alice.get()).toBe(1)
    expect(verdictOf(await recorded.stop())).toBe('violated')
  })

  test('a global dispatcher also records requests that name this machine in another way', async () => {
    const origin = await store()
    const recorded = await recording(origin)
    installed(dispatcherThrough(recorded))
    const names = ['localhost', '[::1]']
    for (const [i, name] of names.entries()) await clientOf(origin.replace('127.0.0.1', name), 'alice').put(i)
    expect(await clientOf(origin, 'bob').get()).toBe(1)
    const run = await recorded.stop()
    expect(recordOf(run).filter(({ f, type }) => f === 'write' && type === 'ok')).toHaveLength(2)
    expect(verdictOf(run)).toBe('met')
  })

  test('a global dispatcher does not change requests to other origins', async () => {
    const [origin, other] = [await store(), await store()]
    const recorded = await recording(origin)
    installed(dispatcherThrough(recorded))
    await recorded.hurt({ kind: 'lose-request' })
    await clientOf(other, 'alice').put(7)
    expect(await clientOf(other, 'alice').get()).toBe(7)
    await expect(clientOf(origin, 'alice').put(1)).rejects.toThrow('fetch failed')
    const events = recordOf(await recorded.stop()).filter(({ process }) => typeof process === 'number')
    expect(events.slice(0, 2)).toMatchObject([
      { f: 'write', value: 1 },
      { type: 'fail', error: 'never forwarded: the request was lost' },
    ])
    expect(events.slice(2).every(({ f }) => f === 'read')).toBe(true)
  })
})

test('a dispatcher for single requests reaches several servers by their URLs', async () => {
  const first = await store()
  // Both names mean the same store. If they meant two separate stores, the final reads would wait for the stores to
  // agree.
  const second = first.replace('127.0.0.1', 'localhost')
  const recorded = await recording({ first, second })
  const dispatcher = dispatcherThrough(recorded)
  const cut = await recorded.hurt({ kind: 'lose-reply', links: [{ from: 'clients', to: 'second' }] })
  expect(await clientOf(first, 'alice', dispatcher).put(1)).toBe(200)
  await expect(clientOf(second, 'alice', dispatcher).put(2)).rejects.toThrow('fetch failed')
  expect(await cut()).toBe(1)
  const ends = recordOf(await recorded.stop()).filter(({ f, type }) => f === 'write' && type !== 'invoke')
  expect(ends).toMatchObject([
    { node: 'first', type: 'ok' },
    { node: 'second', type: 'info' },
  ])
})

test('requests to a TLS server are recorded before their encryption', async () => {
  const { createAuthority } = await import('../../../proxy/src/tls/authority.ts')
  const { certificate, key } = createAuthority().issue(['localhost'])
  const server = createSecureServer({ cert: certificate, key }, storeListener()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  })
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  const recorded = await recording(origin)
  const alice = clientOf(origin, 'alice', dispatcherThrough(recorded))
  expect(await alice.put(1)).toBe(200)
  const heal = await recorded.hurt({ kind: 'lose-reply' })
  await expect(alice.put(2)).rejects.toThrow('fetch failed')
  await heal()
  expect(await alice.get()).toBe(2)
  expect(verdictOf(await recorded.stop())).toBe('met')
})

/**
 * Faults with the same effect on every machine if requests are sent one after another. The effect does not depend on
 * the machine's speed or on its sockets.
 */
const FAULTS = [
  { kind: 'lose-request' },
  { kind: 'lose-request', when: { every: 2 } },
  { kind: 'lose-reply', match: { method: 'PUT' } },
  { kind: 'lose-reply', when: { probability: 0.5 } },
  { kind: 'crash-before-reply' },
  { kind: 'delay-request', delayMs: 3, jitterMs: 2 },
  { kind: 'delay-reply', delayMs: 3 },
  { kind: 'error-status', status: 503 },
  { kind: 'error-status', status: 503, after: 'forwarding' },
  { kind: 'duplicate-request' },
  { kind: 'stale-reply' },
  { kind: 'trickle-request', pieceBytes: 4, pauseMs: 1 },
  { kind: 'trickle-reply', pieceBytes: 4, pauseMs: 1 },
  { kind: 'truncate-reply', bytes: 5 },
  { kind: 'edit-request', headers: { 'X-Client': 'mallory' } },
  { kind: 'edit-reply', status: 500 },
  { kind: 'latency', latencyMs: 2 },
  { kind: 'slice', averageBytes: 20 },
] as const

type Step = readonly [fault: (typeof FAULTS)[number], client: string, operation: 'put' | 'get']

/** Executes the steps one after another. Returns their record, and what the clients saw. */
async function played(steps: readonly Step[], listen: boolean) {
  const origin = await store()
  const recorded = await recording(origin, { listen })
  const dispatcher = listen ? new Agent() : dispatcherThrough(recorded)
  const seen: unknown[] = []
  const asks = (name: string, operation: 'put' | 'get', value: number) => {
    const client = clientOf(listen ? recorded.url() : origin, name, dispatcher)
    return (operation === 'put' ? client.put(value) : client.get()).catch(() => 'failed')
  }
  for (const [i, [fault, name, operation]] of steps.entries()) {
    seen.push(await asks(name, 'put', 2 * i))
    const heal = await recorded.hurt(fault)
    seen.push(await asks(name, operation, 2 * i + 1))
    seen.push(await asks('bob', 'get', 0))
    seen.push([fault.kind, await heal()])
    seen.push(await asks(name, 'get', 0))
  }
  const run = await recorded.stop()
  await dispatcher.destroy()
  return { seen, events: recordOf(run), headline: run.report.headline }
}

test('a recording through an undici dispatcher equals a recording through a port, except for the times of the events', async () => {
  const step = fc.tuple(fc.constantFrom(...FAULTS), fc.constantFrom('alice', 'carol'), fc.constantFrom('put', 'get'))
  const every = FAULTS.map((fault, i): Step => [fault, i % 3 === 0 ? 'carol' : 'alice', i % 2 === 0 ? 'put' : 'get'])
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
      expect(await played(steps, false)).toEqual(await played(steps, true))
    }),
    { numRuns: 3, examples: [[every]], seed: inject('seed'), endOnFailure: true },
  )
})

describe('a fault that is not applicable to HTTP/1.1 at an external server', () => {
  test.each([
    [
      { kind: 'drop-message' },
      'drop-message on clients>n1: this fault needs a proxy that parses the traffic of the link',
    ],
    [{ kind: 'drop-datagram' }, 'the link carries TCP, and this fault acts on datagrams only'],
    [
      { kind: 'reset-stream' },
      'reset-stream needs HTTP/2, which clients cannot speak if "listen" is false. Use lose-request, lose-reply',
    ],
    [{ kind: 'kill', nodes: ['n1'] }, 'record() did not start these servers, so it cannot kill or pause them'],
  ])(
    'a fault that cannot act on HTTP/1.1 at an external server is refused with the reason: %j',
    async (fault, reason) => {
      const recorded = await recording(await store())
      await expect(recorded.hurt(fault)).rejects.toThrow(reason)
    },
  )
})

test('a recording without a port has no URL, and an empty recording explains how to send requests', async () => {
  const recorded = await recording(await store())
  expect(() => recorded.url()).toThrow('no port is open, because "listen" is false')
  await expect(recorded.stop()).rejects.toThrow('through dispatcherThrough of @chaosproxy/undici')
  await expect(recording('ftp://example')).rejects.toThrow('this is not an origin')
})
