import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { faultDefinitions } from '@chaosproxy/faults'
import { dispatcherThrough } from '@chaosproxy/undici'
import type { Recording } from 'chaosproxy'
import { type Dispatcher, fetch } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROUTES, recording, store, storeListener, temporaryDirectory } from '../store.ts'

type Fault = Parameters<Recording['hurt']>[0]

/** What one client sees of one fault, on connections opened while the fault is in force. */
interface InjectedFault {
  readonly fault: Fault
  /**
   * Sends a request. Resolves with its status, with `failed`, or with `nothing` if no answer arrives in the given time.
   */
  ask(patienceMs?: number): Promise<number | 'failed' | 'nothing'>
}

type Effect = readonly [fault: Fault, seen: (hurt: InjectedFault) => Promise<void>]

const answers = [{ from: 'n1', to: 'clients' }]
const PATIENCE_MS = 400
const LATE_MS = 60

const is =
  (outcome: number | 'failed') =>
  async ({ ask }: InjectedFault) =>
    expect(await ask()).toBe(outcome)
const silence = async ({ ask }: InjectedFault) => expect(await ask(PATIENCE_MS)).toBe('nothing')
const late = async ({ ask }: InjectedFault) => {
  const before = performance.now()
  expect(await ask()).toBe(200)
  // A timer may fire a millisecond early.
  expect(performance.now() - before).toBeGreaterThan(LATE_MS - 5)
}

/**
 * By kind of fault: the fault, and a check of what a client sees. For some of these kinds, dispatcher.test.ts
 * also compares recordings through a dispatcher with recordings through a port.
 */
const EFFECTS: { readonly [kind: string]: Effect } = {
  partition: [{ kind: 'partition' }, silence],
  blackhole: [{ kind: 'blackhole' }, silence],
  bandwidth: [{ kind: 'bandwidth', bytesPerSecond: 0 }, silence],
  timeout: [{ kind: 'timeout' }, silence],
  latency: [{ kind: 'latency', latencyMs: LATE_MS }, late],
  'slow-connect': [{ kind: 'slow-connect', delayMs: LATE_MS }, late],
  'packet-loss': [{ kind: 'packet-loss', probability: 1, retransmitMs: LATE_MS / 127 }, late],
  'reset-peer': [{ kind: 'reset-peer' }, is('failed')],
  refuse: [{ kind: 'refuse' }, is('failed')],
  'limit-bytes': [{ kind: 'limit-bytes', bytes: 5, links: answers }, is('failed')],
  'limit-time': [{ kind: 'limit-time', afterMs: 0 }, is('failed')],
  corrupt: [{ kind: 'corrupt', probability: 1, links: answers }, is('failed')],
  slice: [{ kind: 'slice', averageBytes: 5 }, is(200)],
  'rate-limit': [
    { kind: 'rate-limit', requestsPerSecond: 1 },
    async ({ ask }) => {
      const statuses = await Promise.all(Array.from({ length: 8 }, () => ask()))
      expect(statuses).toContain(200)
      expect(statuses).toContain(429)
    },
  ],
  'reorder-replies': [
    { kind: 'reorder-replies', withinMs: 60_000 },
    async ({ ask }) => expect(await Promise.all([ask(), ask()])).toEqual([200, 200]),
  ],
  'lose-request': [{ kind: 'lose-request', silence: 'hang' }, silence],
  'lose-reply': [{ kind: 'lose-reply', silence: 'hang' }, silence],
  'crash-before-reply': [{ kind: 'crash-before-reply' }, is('failed')],
  'delay-reply': [{ kind: 'delay-reply', delayMs: LATE_MS }, late],
  'delay-request': [{ kind: 'delay-request', delayMs: LATE_MS }, late],
  'error-status': [{ kind: 'error-status', status: 507 }, is(507)],
  'edit-reply': [{ kind: 'edit-reply', status: 418 }, is(418)],
  'truncate-reply': [{ kind: 'truncate-reply', bytes: 3 }, is('failed')],
  'duplicate-request': [{ kind: 'duplicate-request' }, is(200)],
  'stale-reply': [
    { kind: 'stale-reply' },
    async ({ ask }) => {
      for (let i = 0; i < 3; i++) expect(await ask()).toBe(200)
    },
  ],
  'edit-request': [{ kind: 'edit-request', headers: { 'X-Client': 'mallory' } }, is(200)],
  'trickle-request': [{ kind: 'trickle-request', pieceBytes: 4, pauseMs: 1 }, is(200)],
  'trickle-reply': [{ kind: 'trickle-reply', pieceBytes: 4, pauseMs: 1 }, is(200)],
}

/** The faults that act only on existing connections, or on the end of a connection. */
const OF_CONNECTIONS = ['reset', 'half-open', 'slow-close']

const needed = { delayMs: 1, latencyMs: 1, message: '{}', afterMs: 1, skewMs: 1 }

describe('the faults of the dispatcher', () => {
  test.each(Object.entries(EFFECTS))(
    'the faults of the dispatcher include %s, which takes effect on requests',
    async (_, [fault, seen]) => {
      const origin = await store()
      const recorded = await recording(origin)
      const heal = await recorded.hurt(fault)
      const dispatcher = dispatcherThrough(recorded)
      onTestFinished(() => dispatcher.destroy())
      let value = 0
      await seen({ fault, ask: (patienceMs) => put(origin, ++value, dispatcher, patienceMs) })
      expect(await heal()).toBeGreaterThan(0)
      expect(await put(origin, 0, dispatcherThrough(recorded))).toBe(200)
    },
  )

  test('the faults of the dispatcher include "reset", which resets the existing connections once', async () => {
    const origin = await store()
    const recorded = await recording(origin)
    const dispatcher = dispatcherThrough(recorded)
    onTestFinished(() => dispatcher.destroy())
    expect(await put(origin, 1, dispatcher)).toBe(200)
    const heal = await recorded.hurt({ kind: 'reset' })
    expect(await put(origin, 2, dispatcher)).toBe(200)
    expect(await heal()).toBe(1)
  })

  test('the faults of the dispatcher include half-open and slow-close, which hold back the end of a reply', async () => {
    const endless = createServer((_, response) => {
      response.writeHead(200, { connection: 'close' }).flushHeaders()
      response.socket?.end('until the end')
    }).listen(0, '127.0.0.1')
    await once(endless, 'listening')
    onTestFinished(() => {
      endless.closeAllConnections()
      endless.close()
    })
    const origin = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`
    const recorded = await recording(origin)
    const whole = async () =>
      (
        await fetch(origin, { dispatcher: dispatcherThrough(recorded), signal: AbortSignal.timeout(PATIENCE_MS) })
      ).text()
    const heal = await recorded.hurt({ kind: 'half-open', links: answers })
    await expect(whole()).rejects.toThrow()
    expect(await heal()).toBe(1)
    const healSlow = await recorded.hurt({ kind: 'slow-close', delayMs: 60_000, links: answers })
    await expect(whole()).rejects.toThrow()
    expect(await healSlow()).toBe(1)
  })

  test('the dispatcher refuses each kind of fault that cannot affect requests, and names the kind', async () => {
    const recorded = await recording(await store())
    for (const { kind } of faultDefinitions) {
      if (kind in EFFECTS || OF_CONNECTIONS.includes(kind)) continue
      const fault = { kind, nodes: ['n1'], ...needed } as unknown as Fault
      await expect(recorded.hurt(fault), kind).rejects.toThrow(new RegExp(`\\b${kind}\\b.{20}`))
    }
  })
})

async function put(origin: string, value: number, dispatcher: Dispatcher, patienceMs = 60_000) {
  const signal = AbortSignal.timeout(patienceMs)
  const init = { method: 'PUT', body: JSON.stringify({ value }), headers: { 'X-Client': 'alice' }, signal, dispatcher }
  try {
    const response = await fetch(`${origin}/kv/x`, init)
    await response.text()
    return response.status
  } catch {
    return signal.aborted ? 'nothing' : 'failed'
  }
}

const PROGRAM = `
import { dispatcherThrough } from '@chaosproxy/undici'
import { record } from 'chaosproxy'
import { fetch } from 'undici'
const [upstream, out] = process.argv.slice(1)
const recording = await record({ upstream, as: out + '/routes.json', out, listen: false })
const dispatcher = dispatcherThrough(recording)
for (const method of ['PUT', 'GET', 'GET']) {
  const body = method === 'PUT' ? '{"value":1}' : undefined
  console.log((await (await fetch(upstream + '/kv/x', { method, body, dispatcher })).json()).value)
  await new Promise((resolve) => setTimeout(resolve, 20))
}`

test('a program exits after its requests although their connections are still open', async () => {
  const server = createServer({ keepAliveTimeout: 3_600_000 }, storeListener()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const out = temporaryDirectory()
  writeFileSync(join(out, 'routes.json'), JSON.stringify(ROUTES))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, origin, out], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const [exitCode] = await once(child, 'close')
  expect({ exitCode, said }).toEqual({ exitCode: 0, said: '1\n1\n1\n' })
})
