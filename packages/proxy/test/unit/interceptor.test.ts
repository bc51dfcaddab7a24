import { randomBytes } from 'node:crypto'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  conversation,
  dial,
  eventually,
  hold,
  links,
  Received,
  routeTo,
  serve,
  settled,
  startDialling,
} from '../../../testing/src/sockets.ts'
import type { Conversation, Exit, Intercept, Stage } from '../../src/interceptor/interceptor.ts'

const onTo = (exit: Exit, delivered: (totalBytes: number) => void = () => undefined): Stage => ({
  receive: (bytes) => exit.pass(bytes),
  end: () => exit.end(),
  reset: () => exit.reset(),
  delivered,
})

/** Passes everything on as it comes. */
const transparent: Intercept = ({ requests, responses }) => ({
  requests: onTo(requests),
  responses: onTo(responses),
  closed: () => undefined,
})

describe('a transparent interceptor', () => {
  test('a transparent interceptor changes no bytes, even for a slow reader', async () => {
    const sent = randomBytes(8_000_000)
    const { client, server } = await conversation({ intercept: transparent, dialled: true })
    server.socket.end(sent)
    client.socket.end(sent)
    client.socket.pause()
    await settled(() => server.length)
    client.socket.resume()
    await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
    expect([client.bytes.equals(sent), server.bytes.equals(sent)]).toEqual([true, true])
  })

  test('a transparent interceptor delivers a reply after the client has half-closed its connection', async () => {
    const { route } = await routeTo(
      await serve(async (socket) => {
        const request = await new Received(socket).until((r) => r.ended)
        socket.end(`you said ${request.text}`)
      }),
      { intercept: transparent },
    )
    const client = new Received(await dial(route))
    client.socket.end('hello')
    await client.until((r) => r.closed)
    expect([client.text, client.error]).toEqual(['you said hello', undefined])
  })

  test('a transparent interceptor forwards an RST from either end, even immediately after data', async () => {
    for (const [sender, receiver] of [
      ['client', 'server'],
      ['server', 'client'],
    ] as const) {
      const ends = await conversation({ intercept: transparent, dialled: true })
      const { socket } = ends[sender]
      socket.write(randomBytes(100_000), () => socket.resetAndDestroy())
      await ends[receiver].until((r) => r.closed || r.ended)
      expect([ends[receiver].ended, ends[receiver].error]).toEqual([false, 'ECONNRESET'])
    }
  })

  test('a transparent interceptor passes an RST to the client if the upstream refuses the connection', async () => {
    const { route } = await routeTo(undefined, { intercept: transparent })
    const client = new Received(startDialling(route))
    client.socket.write('x')
    await client.until((r) => r.closed)
    expect(client.error).toBe('ECONNRESET')
  })

  test('bytes that an interceptor passes on are held by a hold fault until that fault is healed', async () => {
    const { network, client, server } = await conversation({ intercept: transparent, dialled: true })
    const cut = network.apply(hold(links.both))
    client.socket.write('there')
    server.socket.write('back')
    await eventually(() => cut.hits === 2)
    await settled(() => server.length + client.length)
    expect([server.text, client.text]).toEqual(['', ''])
    cut.remove()
    await Promise.all([server.until((r) => r.text === 'there'), client.until((r) => r.text === 'back')])
  })
})

test('an interceptor can reply without dialling the server', async () => {
  let accepted = 0
  const { route } = await routeTo(await serve(() => accepted++), {
    intercept: ({ responses }) => ({
      requests: {
        receive(bytes) {
          return responses.pass(Buffer.from(`no ${bytes}`))
        },
        end: () => responses.end(),
        reset: () => undefined,
        delivered: () => undefined,
      },
      responses: onTo(responses),
      closed: () => undefined,
    }),
  })
  const client = new Received(await dial(route))
  client.socket.write('one')
  await client.until((r) => r.text === 'no one')
  client.socket.end()
  await client.until((r) => r.closed)
  await eventually(() => route.liveConnections === 0)
  expect([client.error, accepted]).toEqual([undefined, 0])
})

test('an interceptor can hold, change and release bytes, and is notified when the bytes are sent', async () => {
  const left: number[] = []
  let held: Buffer[] = []
  let release: () => void = () => undefined
  const { client, server } = await conversation({
    dialled: true,
    intercept: ({ requests, responses }) => {
      release = () => {
        for (const bytes of held) requests.pass(Buffer.from(bytes.toString().toUpperCase()))
        held = []
      }
      return {
        requests: {
          ...onTo(requests, (totalBytes) => left.push(totalBytes)),
          receive(bytes) {
            held.push(Buffer.from(bytes))
            return true
          },
        },
        responses: onTo(responses),
        closed: () => undefined,
      }
    },
  })
  client.socket.write('first')
  await eventually(() => held.length === 1)
  client.socket.write('second')
  await eventually(() => held.length === 2)
  expect([server.text, left]).toEqual(['', []])
  release()
  await server.until((r) => r.text === 'FIRSTSECOND')
  expect(left).toEqual([5, 11])
})

test('an interceptor counts held bytes as sent only after the fault releases them', async () => {
  const left: number[] = []
  const { network, client, server } = await conversation({
    dialled: true,
    intercept: ({ requests, responses }) => ({
      requests: onTo(requests, (totalBytes) => left.push(totalBytes)),
      responses: onTo(responses),
      closed: () => undefined,
    }),
  })
  const cut = network.apply(hold(links.to))
  client.socket.write('four')
  await eventually(() => cut.hits === 1)
  expect(left).toEqual([])
  cut.remove()
  await server.until((r) => r.length === 4)
  expect(left).toEqual([4])
})

test('an interceptor can pause a sender and resume it', async () => {
  let received = 0
  let talk: Conversation | undefined
  const { client, server } = await conversation({
    dialled: true,
    intercept: (made) => {
      talk = made
      return {
        requests: {
          ...onTo(made.requests),
          receive(bytes) {
            received += bytes.length
            return made.requests.pass(bytes)
          },
        },
        responses: onTo(made.responses),
        closed: () => undefined,
      }
    },
  })
  talk?.requests.setReading(false)
  const sent = randomBytes(16_000_000)
  client.socket.end(sent)
  await settled(() => received)
  expect(received).toBeLessThan(1_000_000)
  talk?.requests.setReading(true)
  await server.until((r) => r.ended)
  expect(server.bytes.equals(sent)).toBe(true)
})

test('each conversation has a unique number and the address of its client, and reports its end once', async () => {
  const made: Conversation[] = []
  let closed = 0
  const { route } = await routeTo(await serve((socket) => socket.pipe(socket)), {
    intercept: (conversation) => {
      made.push(conversation)
      return { ...transparent(conversation), closed: () => closed++ }
    },
  })
  for (let i = 0; i < 3; i++) {
    const client = new Received(await dial(route))
    const address = client.socket.address()
    await eventually(() => made.length === i + 1)
    expect(made[i]?.client).toEqual({ host: '127.0.0.1', port: 'port' in address && address.port })
    if (i === 2) made[i]?.abort()
    else client.socket.end('x')
    await client.until((r) => r.closed)
    expect(client.error).toBe(i === 2 ? 'ECONNRESET' : undefined)
    await eventually(() => closed === i + 1)
  }
  expect(new Set(made.map(({ id }) => id)).size).toBe(3)
  await settled(() => closed)
  expect(closed).toBe(3)
})

test('an interceptor can refuse a client before any bytes arrive', async () => {
  let accepted = 0
  let closed = 0
  const { route } = await routeTo(await serve(() => accepted++), {
    intercept: (talk) => {
      talk.dial()
      talk.abort()
      return { ...transparent(talk), closed: () => closed++ }
    },
  })
  const client = await new Received(startDialling(route)).until((r) => r.closed)
  await eventually(() => route.liveConnections === 0)
  expect([client.error, accepted, closed]).toEqual(['ECONNRESET', 0, 1])
})

test('an interceptor is notified if a client leaves while its request is held; the server sees no connection', async () => {
  let reset = 0
  let closed = 0
  let accepted = 0
  const { route } = await routeTo(await serve(() => accepted++), {
    intercept: ({ responses }) => ({
      requests: { receive: () => true, end: () => undefined, reset: () => reset++, delivered: () => undefined },
      responses: onTo(responses),
      closed: () => closed++,
    }),
  })
  const client = await dial(route)
  client.write('x')
  client.resetAndDestroy()
  await eventually(() => closed === 1)
  expect([reset, accepted, route.liveConnections]).toEqual([1, 0, 0])
})

test('an interceptor has bounded space for waiting bytes, and is notified when space is free', async () => {
  let responses: Exit | undefined
  let madeUp = 0
  const { route, network } = await routeTo(undefined, {
    intercept: (talk) => {
      responses = talk.responses
      const answer = () => {
        while (!talk.responses.congested && madeUp < 64_000_000) {
          madeUp += 100_000
          talk.responses.pass(randomBytes(100_000))
        }
      }
      return {
        requests: {
          ...onTo(talk.requests),
          receive() {
            answer()
            return true
          },
        },
        responses: onTo(talk.responses, answer),
        closed: () => undefined,
      }
    },
  })
  network.apply({ kind: 'latency', links: links.back, latencyMs: millis(1), jitterMs: millis(0) })
  const client = await dial(route)
  client.pause()
  client.write('go')
  await settled(() => madeUp)
  expect(madeUp).toBeLessThan(32_000_000)
  expect(responses?.congested).toBe(true)
  const received = new Received(client)
  client.resume()
  await received.until((r) => r.length === 64_000_000)
})
