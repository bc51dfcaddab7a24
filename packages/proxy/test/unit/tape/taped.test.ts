import { expect, test } from 'vitest'
import { dial, eventually, hold, network, Received, serve, startDialling } from '../../../../testing/src/sockets.ts'

const link = { from: 'n1', to: 'n3' }
const request = 'GET /x HTTP/1.1\r\nHost: n3\r\n\r\n'

/** A link between two nodes whose traffic is taped, with an HTTP server that sends no response. */
async function tapedLink() {
  const accepted: Received[] = []
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const created = network({ isTaped: ({ from, to }) => from !== 'clients' && to !== 'clients' })
  const route = await created.route({ ...link, upstream: server })
  const passed = () => [...created.passages()].find(({ link: { from } }) => from === 'n1')
  return { created, route, accepted, passed }
}

test('the tape of a held link shows a message as sent immediately and as delivered after the hold', async () => {
  const { created, route, accepted, passed } = await tapedLink()
  const cut = created.apply(hold([link]))
  const client = await dial(route)
  client.write(request)
  await eventually(() => passed()?.messages.length === 1)
  expect(passed()?.messages[0]).toMatchObject({ type: 'GET /x', deliveredAtMs: undefined, closedAtMs: undefined })
  cut.remove()
  await eventually(() => accepted[0]?.text === request)
  const [message] = passed()?.messages ?? []
  expect(message?.deliveredAtMs).toBeGreaterThan(message?.sentAtMs ?? 0)
})

test('the tape shows a request to a dead server as sent and never delivered', async () => {
  const { route, passed } = await tapedLink()
  const client = new Received(await dial(route))
  client.socket.write(request)
  await eventually(() => passed()?.messages[0]?.deliveredAtMs !== undefined)
  route.setUpstream(undefined)
  const other = new Received(startDialling(route))
  other.socket.write(request)
  await other.until((r) => r.closed)
  await eventually(() => passed()?.doubts.some(({ why }) => why === 'unread') === true)
  expect(passed()?.messages.filter(({ deliveredAtMs }) => deliveredAtMs !== undefined)).toHaveLength(1)
})

test('a tape leaves all bytes unchanged, and records only links for which it was requested', async () => {
  const { created, route, accepted, passed } = await tapedLink()
  const bytes = Buffer.alloc(3_000_000, 'chaos')
  const client = await dial(route)
  client.end(bytes)
  await eventually(() => accepted[0]?.ended === true)
  expect(accepted[0]?.bytes.equals(bytes)).toBe(true)
  expect(passed()?.messages.length).toBeGreaterThan(1)
  const plain = await created.route({ from: 'clients', to: 'n3', upstream: { host: route.host, port: route.port } })
  await dial(plain)
  expect([...created.passages()].map(({ link: { from, to } }) => `${from}>${to}`)).toEqual(['n1>n3', 'n3>n1'])
})
