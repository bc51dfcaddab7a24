import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { network } from '../../../../testing/src/sockets.ts'
import { createControlPlane } from '../../../src/control/plane/plane.ts'
import { startControlServer } from '../../../src/control/server/server.ts'
import { v1Routes } from '../../../src/control/v1/routes.ts'
import { send } from '../../control/control-plane.ts'

afterEach(() => void vi.useRealTimers())

/** Collects what the server sends to a client of the event stream, without a socket. */
function listening({ since, lastEventId }: { readonly since?: string; readonly lastEventId?: string } = {}) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const plane = createControlPlane({ network: network(), seed: 1 })
  const reports = vi.spyOn(plane.faults, 'reportHits')
  for (let i = 0; i < 3; i++) plane.events.emit({ type: 'reset' })
  const told: string[] = []
  const state = { writableLength: 0 }
  const response = Object.assign(new EventEmitter(), state, {
    writeHead: (status: number) => void told.push(`${status}`),
    write: (text: string) => void told.push(/^id: (\d+)\nevent: \w+\ndata: \{.*\}\n\n$/.exec(text)?.[1] ?? text),
    destroy: () => void told.push('destroyed'),
  })
  const route = v1Routes(plane, 'test', (listen) => listen).find(({ path }) => path === '/v1/events')
  const reply = route?.handle({
    param: () => '',
    query: new URLSearchParams(since === undefined ? {} : { since }),
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    body: Buffer.alloc(0),
  })
  if (reply === undefined || !('stream' in reply)) throw new Error('no stream')
  reply.stream(response as unknown as ServerResponse)
  return { plane, response, reports, toldSince: () => told.splice(0) }
}

describe('the event stream of a client', () => {
  test.each([
    [{}, []],
    [{ since: '0' }, ['1', '2', '3']],
    [{ since: '2' }, ['3']],
    [{ since: '3' }, []],
    [{ lastEventId: '1' }, ['2', '3']],
    [{ since: '0', lastEventId: '2' }, ['3']],
  ])('an event stream that is requested with %j begins with the events %j', (asked, events) => {
    const { toldSince, plane } = listening(asked)
    expect(toldSince()).toEqual(['200', ': events of chaos proxy\n\n', ...events])
    plane.events.emit({ type: 'reset' })
    expect(toldSince()).toEqual(['4'])
  })

  test('the event stream sends a comment every 15 s, and reports the hits of faults every 250 ms', () => {
    const { toldSince, reports } = listening()
    toldSince()
    vi.advanceTimersByTime(249)
    expect(reports).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(reports).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(14_749)
    expect(toldSince()).toEqual([])
    vi.advanceTimersByTime(1)
    expect(toldSince()).toEqual([': \n\n'])
  })

  test('the event stream ends if more than 1 MiB waits for the client', () => {
    const { toldSince, plane, response } = listening()
    toldSince()
    response.writableLength = 1024 * 1024
    plane.events.emit({ type: 'reset' })
    response.writableLength++
    plane.events.emit({ type: 'reset' })
    expect(toldSince()).toEqual(['4', 'destroyed'])
  })

  test('the event stream leaves no timer and no listener once the client is gone', () => {
    const { plane, response } = listening()
    expect([plane.events.subscribers, vi.getTimerCount()]).toEqual([1, 2])
    response.emit('close')
    expect([plane.events.subscribers, vi.getTimerCount()]).toEqual([0, 0])
  })
})

test('a control request that takes 25 s is answered with an error', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let isAsked = () => {}
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  const server = await startControlServer({
    listen: { host: '127.0.0.1', port: 0 },
    guard: () => undefined,
    apiOf: () => ({
      routes: [
        {
          method: 'GET',
          path: '/slow',
          handle() {
            isAsked()
            return new Promise(() => {})
          },
        },
      ],
      noSuchPath: () => ({ status: 404 }),
      wrongMethod: () => ({ status: 405 }),
      failed: (error) => ({ status: 503, body: (error as Error).message }),
      headers: () => ({}),
    }),
  })
  let isAnswered = false
  const answer = send(server, { path: '/slow' }).finally(() => {
    isAnswered = true
  })
  await asked
  while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(24_999)
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(isAnswered).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await answer).toMatchObject({ status: 503, text: 'no answer within 25 s' })
  expect(vi.getTimerCount()).toBe(0)
  await server.close()
})
