import { createRandom } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { dial, eventually, Received, serve, settled } from '../../../../testing/src/sockets.ts'
import { bytesOf, cutAt, readResponses } from '../../../../wire/test/http/feed.ts'
import { httpRouteTo, serveHttp, textOf } from '../../http/live.ts'

test('pipelined requests get their own responses in order while faults act', async () => {
  const seed = `pipelined ${inject('seed')}`
  const random = createRandom(seed)
  const service = await serveHttp(async (asked, reply) => {
    const body = await textOf(asked)
    // Some responses have a Content-Length, and others are chunked.
    if (body.endsWith('1')) reply.write(body.slice(0, 2))
    reply.end(body.endsWith('1') ? body.slice(2) : body)
  })
  let time = 0
  // Each call of `now` advances the time, but the proxy must give all events of a chunk the same time. If it read the
  // clock again for one event, this event would have a later time than the events after it.
  const now = () => {
    time += 100_000_000
    return nanos(time)
  }
  const { route, apply, recorder, client } = await httpRouteTo(service, { seed, now })
  const refusals = apply({ kind: 'error-status', when: { probability: 0.1 } })
  const replacements = apply({ kind: 'error-status', after: 'forwarding', status: 502, when: { probability: 0.1 } })
  const faults = [
    refusals,
    replacements,
    apply({ kind: 'duplicate-request', when: { probability: 0.2 } }),
    apply({ kind: 'delay-request', delayMs: 1, when: { probability: 0.05 } }),
    apply({ kind: 'delay-reply', delayMs: 1, when: { probability: 0.05 } }),
    apply({ kind: 'trickle-reply', pieceBytes: 2, pauseMs: 0.1, when: { probability: 0.05 } }),
    apply({ kind: 'edit-reply', headers: { 'X-Edited': 'yes' }, when: { probability: 0.2 } }),
    apply({ kind: 'reorder-replies', withinMs: 2, when: { probability: 0.1 } }),
  ]
  const CONNECTIONS = 6
  const REQUESTS = 80
  const statuses: number[] = []

  async function converse(connection: number): Promise<void> {
    const values = Array.from({ length: REQUESTS }, (_, i) => `${connection}-${1000 + i}`)
    const put = (value: string) =>
      random.chance(0.5)
        ? `PUT /kv/${connection} HTTP/1.1\r\nHost: n1\r\nContent-Length: ${value.length}\r\n\r\n${value}`
        : `PUT /kv/${connection} HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n${value.slice(0, 2)}\r\n${(value.length - 2).toString(16)}\r\n${value.slice(2)}\r\n0\r\nX-Trailer: y\r\n\r\n`
    const said = bytesOf(values.map(put).join(''))
    const cuts = Array.from({ length: 60 }, () => random.integer(said.length)).sort((a, b) => a - b)
    const asking = new Received(await dial(route))
    for (const piece of cutAt(said, cuts)) {
      asking.socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const methods = values.map(() => 'PUT')
    const answers = () => readResponses([asking.bytes], methods).messages.filter(({ complete }) => complete)
    await asking.until(() => answers().length === REQUESTS)
    const wrong = answers().filter(({ head, body }, i) => head.status === 200 && body !== values[i])
    expect(wrong, seed).toEqual([])
    statuses.push(...answers().map(({ head }) => head.status))
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => converse(connection)))
  await eventually(() => recorder.counters.open === 0)
  expect(recorder.counters, seed).toMatchObject({
    operations: CONNECTIONS * REQUESTS,
    unmatched: 0,
    unmatchedAnswers: 0,
  })
  expect(client.history.operations.length).toBe(CONNECTIONS * REQUESTS)
  expect(faults.every(({ hits }) => hits > 0)).toBe(true)
  const given = (wanted: number) => statuses.filter((status) => status === wanted).length
  expect([given(502), given(503)], seed).toEqual([replacements.hits, refusals.hits])
  expect(given(200), seed).toBe(CONNECTIONS * REQUESTS - replacements.hits - refusals.hits)
})

test('a client that sends to a silent server is paused until the server replies', async () => {
  const REQUESTS = 25_000
  const asked = 'GET /kv/x HTTP/1.1\r\nHost: n1\r\n\r\n'
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1'
  const there: Received[] = []
  const server = await serve((socket) => there.push(new Received(socket)))
  const { route, recorder } = await httpRouteTo(server)
  const client = new Received(await dial(route))
  client.socket.end(asked.repeat(REQUESTS))
  await eventually(() => there.length === 1)
  const [received] = there as [Received]
  await received.until(() => received.length > 0)
  await settled(() => received.length)
  expect(recorder.counters.open).toBeLessThan(15_000)

  let answered = 0
  while (answered < REQUESTS) {
    await received.until(() => received.length >= (answered + 1) * asked.length)
    const here = Math.floor(received.length / asked.length)
    received.socket.write(answer.repeat(here - answered))
    answered = here
  }
  received.socket.end()
  await client.until(() => client.ended)
  expect(client.length).toBe(REQUESTS * answer.length)
  expect(recorder.counters).toMatchObject({ operations: REQUESTS, ok: REQUESTS, open: 0, unmatchedAnswers: 0 })
})
