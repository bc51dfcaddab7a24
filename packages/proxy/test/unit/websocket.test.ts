import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { MessageFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { cleanUp, eventually, links, network } from '../../../testing/src/sockets.ts'
import { websocket } from '../../../wire/src/websocket/websocket.ts'
import { createMessageFaults } from '../../src/messages/message-faults.ts'

/**
 * A client and a server of the library `ws`, with faults between them. The server answers with the text that it got.
 */
async function chat(faults: readonly MessageFault[] = [], { compressed = false } = {}) {
  const heard: string[] = []
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: compressed && { threshold: 0 } })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      heard.push(String(data))
      socket.send(`you said ${data}`)
    })
  })
  const messages = createMessageFaults({ seed: 1 })
  const intercept = messages.intercept({ from: 'clients', to: 'n1', framing: websocket })
  const upstream = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const applied = faults.map((fault) => messages.apply(fault))
  const client = new WebSocket(`ws://127.0.0.1:${route.port}/chat`, {
    perMessageDeflate: compressed && { threshold: 0 },
  })
  const answers: string[] = []
  client.on('message', (data) => void answers.push(String(data)))
  client.on('error', () => undefined)
  cleanUp(() => {
    client.terminate()
    server.close()
    for (const socket of server.clients) socket.terminate()
  })
  await once(client, 'open')
  return { client, heard, answers, applied, messages }
}

test('WebSocket messages pass in both directions, large or fragmented, and the close handshake completes', async () => {
  const { client, heard, answers, messages } = await chat()
  client.send('one')
  client.send('in ', { fin: false })
  client.send('parts')
  client.send('x'.repeat(100_000))
  await eventually(() => answers.length === 3)
  expect(heard).toEqual(['one', 'in parts', 'x'.repeat(100_000)])
  client.close(1000)
  const [code] = await once(client, 'close')
  expect(code).toBe(1000)
  expect(messages.statistics().get('clients>n1')?.unframed).toBe(0)
})

test('selected WebSocket messages are lost, duplicated and fabricated', async () => {
  const { client, heard, answers, applied } = await chat([
    { kind: 'drop-message', links: links.to, match: { contains: 'lost' } },
    { kind: 'duplicate-message', copies: 1, links: links.back, match: { contains: 'twice' } },
    { kind: 'fabricate-message', message: 'another', links: links.to, match: { member: 'secret' } },
  ])
  for (const said of ['a', 'lost', 'twice', '{"secret":1}', 'b']) client.send(said)
  await eventually(() => answers.length === 5)
  expect(heard).toEqual(['a', 'twice', 'another', 'b'])
  expect(answers.filter((answer) => answer.includes('twice'))).toHaveLength(2)
  expect(applied.map(({ hits }) => hits)).toEqual([1, 1, 1])
})

test('a delayed WebSocket message arrives late, and later messages arrive after it', async () => {
  const { client, answers } = await chat([
    { kind: 'delay-message', delayMs: millis(60), jitterMs: millis(0), links: links.back, when: { nth: 2 } },
  ])
  const begun = performance.now()
  // The response to the handshake is neither delayed nor counted.
  for (const said of ['1', '2', '3']) client.send(said)
  await eventually(() => answers.length === 3)
  expect(answers).toEqual(['you said 1', 'you said 2', 'you said 3'])
  expect(performance.now() - begun).toBeGreaterThan(55)
})

test('a WebSocket connection is closed with the given code at either end', async () => {
  const { client } = await chat([
    {
      kind: 'fabricate-message',
      message: { close: 1013, reason: 'try again later' },
      links: links.back,
      when: { nth: 1 },
    },
  ])
  client.send('hello')
  const [code, reason] = await once(client, 'close')
  expect([code, String(reason)]).toEqual([1013, 'try again later'])
})

test('a corrupted WebSocket message remains a message or is rejected by its receiver', async () => {
  const { client, heard } = await chat([{ kind: 'corrupt-message', bits: 1, links: links.to, when: { first: 1 } }])
  client.send('a text that is long enough for a bit of it to be flipped')
  client.send('b')
  await eventually(() => heard.length === 2 || client.readyState === WebSocket.CLOSED)
  if (client.readyState === WebSocket.OPEN) expect([heard[0]?.length, heard[1]]).toEqual([56, 'b'])
})

describe('a WebSocket client that offers compression', () => {
  test('a WebSocket client and server negotiate compression while no fault is active', async () => {
    const { client, heard, answers } = await chat([], { compressed: true })
    expect(client.extensions).toBe('permessage-deflate')
    client.send('hello')
    await eventually(() => answers.length === 1)
    expect([heard, answers]).toEqual([['hello'], ['you said hello']])
  })

  test.each(['to', 'back'] as const)(
    'a WebSocket client and server negotiate no compression if a fault is active in the direction %s',
    async (way) => {
      const { client, answers, applied } = await chat(
        [
          { kind: 'drop-message', links: links[way], match: { contains: 'lost' } },
          { kind: 'duplicate-message', copies: 1, links: links[way], match: { contains: 'twice' } },
        ],
        { compressed: true },
      )
      expect(client.extensions).toBe('')
      for (const said of ['a', 'lost', 'twice', 'b']) client.send(said)
      await eventually(() => answers.length === 4)
      expect(answers).toEqual(['a', 'twice', 'twice', 'b'].map((said) => `you said ${said}`))
      expect(applied.map(({ hits, missed }) => [hits, missed])).toEqual([
        [1, 0],
        [1, 0],
      ])
    },
  )

  test('later faults do not end WebSocket compression; of these faults, only a delay acts on the messages', async () => {
    const { client, answers, messages } = await chat([], { compressed: true })
    const when = { first: 100 }
    const faults: readonly MessageFault[] = [
      { kind: 'drop-message', links: links.to, when },
      { kind: 'reorder-message', behind: 1, withinMs: millis(10), links: links.back },
      { kind: 'fabricate-message', message: 'new', links: links.back, match: { contains: 'b' } },
    ]
    const missing = faults.map((fault) => messages.apply(fault))
    const late = messages.apply({ kind: 'delay-message', delayMs: millis(1), jitterMs: millis(0), links: links.to })
    for (const said of ['a'.repeat(50), 'a'.repeat(50), 'b']) client.send(said)
    await eventually(() => answers.length === 3)
    expect(answers.map((answer) => answer.length)).toEqual([59, 59, 10])
    for (const fault of missing)
      expect(fault).toMatchObject({ hits: 0, missed: 3, missedBecause: expect.stringContaining('compression') })
    expect(late).toMatchObject({ hits: 3, missed: 0, missedBecause: undefined })
  })
})
