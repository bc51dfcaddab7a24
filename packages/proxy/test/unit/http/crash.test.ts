import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { dial, eventually, hold, Received, serve } from '../../../../testing/src/sockets.ts'
import { httpRouteTo } from '../../http/live.ts'

const request = 'PUT /kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'
const response = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** A client whose first request has got its response, and whose next request is hit by `crash-before-reply`. */
async function crashing(options: Parameters<typeof httpRouteTo>[1] = {}) {
  const accepted: Received[] = []
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const made = await httpRouteTo(server, options)
  const client = new Received(await dial(made.route))
  client.socket.write(request)
  await eventually(() => accepted[0]?.text === request)
  const upstream = accepted[0]!
  upstream.socket.write(response)
  await client.until(({ text }) => text === response)
  return { ...made, client, upstream, fault: made.apply({ kind: 'crash-before-reply' }) }
}

test('crash-before-reply kills the server only after the whole request was delivered', async () => {
  const killed: string[] = []
  const { client, network, fault } = await crashing({ crashServer: (node) => void killed.push(node) })
  const cut = network.apply(hold([{ from: 'clients', to: 'n1' }]))
  client.socket.write(request.slice(0, -1))
  client.socket.write(request.slice(-1))
  await eventually(() => fault.hits === 1)
  await wait(5)
  expect([killed, client.closed]).toEqual([[], false])
  cut.remove()
  await client.until(({ closed }) => closed)
  expect([killed, client.text, client.error]).toEqual([['n1'], response, 'ECONNRESET'])
})

test('crash-before-reply resets the client at the final response if the proxy cannot kill the server', async () => {
  const { client, upstream } = await crashing()
  client.socket.write(request)
  await upstream.until(({ text }) => text === request + request)
  const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n'
  upstream.socket.write(interim)
  await client.until(({ text }) => text === response + interim)
  expect(client.closed).toBe(false)
  upstream.socket.write(response)
  await client.until(({ closed }) => closed)
  expect([client.text, client.error]).toEqual([response + interim, 'ECONNRESET'])
})
