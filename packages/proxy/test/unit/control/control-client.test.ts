import type { IncomingMessage } from 'node:http'
import { UserError } from '@chaosproxy/history'
import { describe, expect, test, vi } from 'vitest'
import { createControlClient } from '../../../src/control/client/control-client.ts'
import { serveHttp, textOf } from '../../http/live.ts'

const words = { host: '--host', token: '--token', authorities: '--ca FILE' }
const OF_CHAOS = { 'X-Chaos-Version': '1' }

interface Response {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly text?: string
}

/** A client of a server that gives this response to every request. */
async function clientOf({ status = 200, headers = OF_CHAOS, text = '' }: Response, token?: string) {
  const asked: unknown[] = []
  const { port } = await serveHttp(async (request: IncomingMessage, response) => {
    const { 'content-type': type, authorization } = request.headers
    asked.push([`${request.method} ${request.url}`, await textOf(request), type, authorization])
    response.writeHead(status, headers).end(text)
  })
  return { client: createControlClient({ host: `127.0.0.1:${port}`, token, words }), asked, port }
}

describe('a control client', () => {
  test('a control client sends JSON with its token, and returns the JSON of the response', async () => {
    const { client, asked } = await clientOf({ text: '{"a":[1]}' }, 'sesame')
    expect(await client.get('/v1/proxies')).toEqual({ a: [1] })
    expect(await client.send('PUT', '/v1/rules', { faults: [] })).toEqual({ a: [1] })
    expect(asked).toEqual([
      ['GET /v1/proxies', '', undefined, 'Bearer sesame'],
      ['PUT /v1/rules', '{"faults":[]}', 'application/json', 'Bearer sesame'],
    ])
  })

  test('a control client returns undefined for an empty response, and sends no token if it has none', async () => {
    const { client, asked } = await clientOf({ status: 204 })
    expect(await client.send('DELETE', '/v1/faults/a')).toBeUndefined()
    expect(asked).toEqual([['DELETE /v1/faults/a', '', undefined, undefined]])
  })

  test.each<readonly [Response, UserError['code'], string]>([
    [{ status: 400, text: '{"error":"no such fault"}' }, 'usage', '(HTTP 400): no such fault'],
    [{ status: 499, text: '{"error":5}\nmore' }, 'usage', '(HTTP 499): {"error":5}'],
    [{ status: 500, text: 'broken\nmore' }, 'environment', '(HTTP 500): broken'],
    [{ status: 404, text: 'x'.repeat(201) }, 'usage', `(HTTP 404): ${'x'.repeat(200)}`],
    [{ status: 404 }, 'usage', '(HTTP 404): refused without a reason'],
    [{ text: 'hello' }, 'environment', 'is not a chaos proxy: it sent no JSON.'],
    [{ text: '{}', headers: {} }, 'environment', 'is not a chaos proxy: its answer has no header x-chaos-version.'],
    [{ status: 404, headers: {} }, 'environment', 'is not a chaos proxy: its answer has no header x-chaos-version.'],
    [{ status: 401, headers: {} }, 'usage', 'The proxy asks for a token (HTTP 401)'],
  ])('a control client reports the response %j as the error %s: %s', async (response, code, message) => {
    const { client } = await clientOf(response)
    const error = await client.get('/v1/faults').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
    expect((error as Error).message).not.toContain(`${message}x`)
  })

  test('a control client passes on each event of a stream, and reports a refused stream', async () => {
    const text = ': comment\n\nid: 1\nevent: a\ndata: {"a":1}\n\nid: 2\ndata: {"b":2}\n\ndata: {"c":'
    const seen: unknown[] = []
    const { client } = await clientOf({ text })
    await client.events((event) => seen.push(event), new Promise(() => undefined))
    expect(seen).toEqual([{ a: 1 }, { b: 2 }])
    const { client: other } = await clientOf({ status: 503, text: '{"error":"busy"}' })
    await expect(other.events(() => undefined, new Promise(() => undefined))).rejects.toThrow('(HTTP 503): busy')
  })

  test.each([
    ['text/event-stream', 0],
    ['application/json', 1],
  ])('while a control client reads a response of type %s, it has this number of timers: %i', async (type, timers) => {
    const { client } = await clientOf({ text: 'data: {"a":1}\n\n', headers: { ...OF_CHAOS, 'Content-Type': type } })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const counts: number[] = []
    await client.events(() => counts.push(vi.getTimerCount()), new Promise(() => undefined))
    vi.useRealTimers()
    expect(counts).toEqual([timers])
  })

  test.each([
    ['ftp://127.0.0.1', 'ftp://127.0.0.1'],
    ['http://user:secret@127.0.0.1', 'http://…@127.0.0.1'],
    ['http://user@127.0.0.1', 'http://…@127.0.0.1'],
    ['a b', 'a b'],
  ])('a control client refuses the address %s, and prints it as %s', (host, shown) => {
    expect(() => createControlClient({ host, token: undefined, words })).toThrow(
      `--host ${shown} is not an address. Write it as 127.0.0.1:8474.`,
    )
  })

  test('a control client reports how to start a proxy if nothing listens', async () => {
    const client = createControlClient({ host: '127.0.0.1:1', token: undefined, words })
    await expect(client.get('/v1/faults')).rejects.toThrow(
      'No proxy answers at 127.0.0.1:1. Nothing listens there. Start one (chaos proxy --listen … --upstream …), or give the address of a running proxy with --host.',
    )
  })
})
