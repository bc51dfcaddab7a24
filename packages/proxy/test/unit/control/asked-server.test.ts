import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { Received, serve } from '../../../../testing/src/sockets.ts'
import { jsonLines } from '../../../../wire/src/framing/json-lines.ts'
import { askServer } from '../../../src/control/state/asked-server.ts'

/** Connects to a server that calls `answer` with each request. */
async function asking(answer: (asked: string, received: Received) => void) {
  const accepted: Received[] = []
  const { port } = await serve((socket) => {
    const received = new Received(socket)
    accepted.push(received)
    socket.on('data', (bytes: Buffer) => answer(String(bytes), received))
  })
  return { server: await askServer({ host: '127.0.0.1', port }, jsonLines), accepted, port }
}
const failure = (asked: Promise<unknown>) => asked.catch((error: unknown) => error)

describe('a server that is asked for initial values', () => {
  test('a server that is asked for initial values replies to the requests in their order', async () => {
    const { server, accepted } = await asking((asked, { socket }) => socket.write(asked))
    expect(await Promise.all([server.ask({ key: 'a' }), server.ask({ key: 'b' })])).toEqual([
      { key: 'a' },
      { key: 'b' },
    ])
    server.close()
    await accepted[0]?.until(({ ended, closed }) => ended || closed)
  })

  test('all open and later requests for initial values fail if the server closes the connection', async () => {
    const { server, port } = await asking((_, { socket }) => socket.end())
    const [first, second] = await Promise.all([failure(server.ask({ key: 'a' })), failure(server.ask({ key: 'b' }))])
    expect(first).toBeInstanceOf(UserError)
    expect(first).toMatchObject({
      code: 'environment',
      message: `"initial": "read" failed for the server at 127.0.0.1:${port}: it closed the connection. Start the server before the proxy, or leave "initial" out: initial values are then unknown.`,
    })
    expect([second, await failure(server.ask({ key: 'c' }))]).toEqual([first, first])
  })

  test('the request for an initial value fails if the server resets the connection', async () => {
    const { server } = await asking((_, { socket }) => socket.resetAndDestroy())
    expect(await failure(server.ask({ key: 'a' }))).toMatchObject({ message: expect.stringContaining('ECONNRESET') })
  })

  test('a server that does not speak the protocol is disconnected, and the request for an initial value fails', async () => {
    const { server, accepted } = await asking((_, { socket }) => socket.write('nonsense\n'))
    expect(await failure(server.ask({ key: 'a' }))).toMatchObject({
      message: expect.stringContaining('its answer is no json-lines.'),
    })
    await accepted[0]?.until(({ ended, closed }) => ended || closed)
  })
})
