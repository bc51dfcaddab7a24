import { createRandom } from '@chaosproxy/faults'
import { expect, inject, test } from 'vitest'
import { dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { badRequests, badResponses, goodRequests, goodResponses } from '../../../../wire/test/http/corpus.ts'
import { bytesOf, cutAt } from '../../../../wire/test/http/feed.ts'
import { httpRouteTo } from '../../http/live.ts'

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('')
const get = lines('GET /kv/x HTTP/1.1', 'Host: n1', '')
const answer = `${lines('HTTP/1.1 200 OK', 'Content-Length: 5', '')}hello`

/** What each side sends. The client sends all its bytes first. The server responds once it has got them. */
const conversations: readonly (readonly [name: string, requests: string, responses: string])[] = [
  ...Object.entries({ ...goodRequests, ...badRequests }).map(([name, text]) => [name, text, answer] as const),
  ...Object.entries({ ...goodResponses, ...badResponses }).map(
    ([name, { methods, text }]) => [name, methods.map((method) => get.replace('GET', method)).join(''), text] as const,
  ),
  ['nothing at all', '', ''],
  ['a server that speaks first', '', lines('220 ready')],
  ['an answer to nothing', '', answer],
  [
    'an upgrade, and what comes after it',
    `${lines('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', '')}\x81\x02hi${get}`,
    `${lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', '')}\x81\x02ho${answer}`,
  ],
  ['a tunnel', `${lines('CONNECT n1:443 HTTP/1.1', '')}\x16\x03\x01`, `${lines('HTTP/1.1 200 OK', '')}\x16\x03\x03`],
]

test.each(conversations)(
  'without a fault, the bytes of a client and a server are passed on unchanged: %s',
  async (_, requests, responses) => {
    const seed = `${_} ${inject('seed')}`
    const random = createRandom(seed)
    const accepted: Received[] = []
    const server = await serve((socket) => accepted.push(new Received(socket)))
    const { route } = await httpRouteTo(server)
    const said = bytesOf(requests)
    const answered = bytesOf(responses)
    const client = new Received(await dial(route))
    await eventually(() => accepted.length === 1)
    const [there] = accepted as [Received]

    // If a request asks for another protocol, the proxy holds the bytes that follow it until the server has responded.
    const held =
      requests.includes('Upgrade: websocket') || requests.startsWith('CONNECT')
        ? requests.indexOf('\r\n\r\n') + 4
        : said.length
    await say(client, cutAt(said, cuts(random, said.length)))
    await there.until(() => there.length >= held)
    await say(there, cutAt(answered, cuts(random, answered.length)))
    await there.until(() => there.length >= said.length)
    client.socket.end()
    await there.until(() => there.ended)
    there.socket.end()
    await client.until(() => client.ended)

    expect(there.text, seed).toBe(said.toString('latin1'))
    expect(client.text, seed).toBe(answered.toString('latin1'))
  },
)

/** Writes the pieces one after another, so that the receiver usually reads each piece separately. */
async function say(to: Received, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (piece.length > 0) await new Promise<void>((sent) => to.socket.write(piece, () => sent()))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const cuts = (random: ReturnType<typeof createRandom>, length: number): readonly number[] =>
  length < 2
    ? []
    : Array.from({ length: random.integer(5) }, () => 1 + random.integer(length - 1)).sort((a, b) => a - b)

test('a delayed request arrives unchanged, with its Connection field', async () => {
  const there: Received[] = []
  const { route, apply } = await httpRouteTo(await serve((socket) => there.push(new Received(socket))))
  apply({ kind: 'delay-request', delayMs: 1 })
  const request = `${lines('PUT /kv/x HTTP/1.1', 'Host: n1', 'Connection: close', 'Content-Length: 2', '')}hi`
  new Received(await dial(route)).socket.write(request)
  await eventually(() => there[0]?.text === request)
})
