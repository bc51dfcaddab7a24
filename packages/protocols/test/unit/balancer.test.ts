import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read } from '../nodes.ts'

const protocol = findProtocol('balancer')!
type Settings = Parameters<typeof protocol.create>[0]['settings']
/** n1 is the balancer, n2 to n4 are servers, n2 has the store. */
const four = (settings: Settings = {}, bug?: string) =>
  createNodes(protocol.create({ bug, object: 'counter', settings }), ['n1', 'n2', 'n3', 'n4'])
type Nodes = ReturnType<typeof four>

const add = { f: 'add', key: 'x', value: 1 }
const isOf =
  (type: string) =>
  ({ message }: { readonly message: { readonly type: string } }) =>
    message.type === type
const without = (type: string) => (letter: Parameters<ReturnType<typeof isOf>>[0]) => !isOf(type)(letter)

function pass(nodes: Nodes, id: string, ms: number) {
  nodes.pass(ms)
  nodes.ring(id, 'tick')
}

/** Returns the servers that get the requests for these keys. */
function chosen(nodes: Nodes, keys: readonly string[]) {
  for (const key of keys) nodes.ask('n1', read(key))
  return nodes.lose(isOf('serve')).map(({ to }) => to)
}

test('the servers behind the balancer share their data; with backend=files, the servers refuse writes', () => {
  const nodes = four()
  expect(nodes.answer('n3', add)).toEqual(ok(1))
  expect(nodes.answer('n4', read('x'))).toEqual(ok(1))
  const files = four({ backend: 'files' })
  expect(files.answer('n3', add)).toEqual({ type: 'fail', error: 'unsupported' })
  expect(files.answer('n4', read('x'))).toEqual(ok(0))
})

test('the balancer chooses servers in turn, by number of connections, or by consistent hashing of the key', () => {
  expect(chosen(four(), ['x', 'y', 'z', 'x']).sort()).toEqual(['n2', 'n3', 'n3', 'n4'])
  expect(chosen(four({ choice: 'least-connections' }), ['x', 'x', 'x']).sort()).toEqual(['n2', 'n3', 'n4'])
  const byKey = chosen(four({ choice: 'consistent-hashing' }), ['x', 'y', 'x', 'y'])
  expect(byKey.slice(2)).toEqual(byKey.slice(0, 2))
})

test('consistent hashing sends only the keys of an unavailable server to other servers', () => {
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
  const before = chosen(four({ choice: 'consistent-hashing' }), keys)
  const nodes = four({ choice: 'consistent-hashing' })
  for (const _ of [1, 2, 3]) {
    nodes.ring('n1', 'health')
    nodes.lose(({ to, message }) => to === 'n4' && message.type === 'check')
    nodes.deliver()
  }
  const after = chosen(nodes, keys)
  expect(after).not.toContain('n4')
  expect(after.filter((_, i) => before[i] !== 'n4')).toEqual(before.filter((server) => server !== 'n4'))
})

test('a timeout error names the process whose timeout expired: the requester, the balancer or a server', () => {
  const requester = four()
  const alone = requester.ask('n3', read('x'))
  requester.lose()
  pass(requester, 'n3', 500)
  expect(requester.reply(alone)).toMatchObject({ error: 'requester: no answer from the balancer within 500 ms' })

  const balancer = four({ attempts: 1 })
  const waiting = balancer.ask('n1', read('x'))
  const [{ to: server } = { to: '' }] = balancer.lose()
  pass(balancer, 'n1', 150)
  expect(balancer.reply(waiting)).toMatchObject({ error: `balancer: no answer from ${server} within 150 ms` })

  const servers = four({ attempts: 1, choice: 'consistent-hashing', 'service-ms': 10 })
  const queued = [1, 2].map(() => servers.ask('n1', read('x')))
  const [busy = ''] = chosen(four({ choice: 'consistent-hashing' }), ['x'])
  servers.deliver()
  servers.pass(101)
  for (const _ of queued) {
    servers.ring(busy, 'served')
    servers.deliver()
  }
  expect(servers.reply(queued[1]!)).toMatchObject({
    error: `server: ${busy} kept the request waiting for more than 100 ms`,
  })
})

test('the balancer retries an unanswered read on another server, and an unanswered write only with the bug retry-writes', () => {
  for (const [bug, input, attempts] of [
    [undefined, read('x'), 1],
    [undefined, add, 0],
    ['retry-writes', add, 1],
  ] as const) {
    const nodes = four({}, bug)
    nodes.ask('n1', input)
    nodes.lose()
    pass(nodes, 'n1', 150)
    expect(nodes.lose(isOf('serve'))).toHaveLength(attempts)
  }
})

test('the balancer sends a write that a server refused to another server', () => {
  const nodes = four({ 'service-ms': 10, 'queue-limit': 1, choice: 'consistent-hashing' })
  const requests = [1, 2].map(() => nodes.ask('n1', add))
  nodes.deliver()
  for (const server of ['n2', 'n3', 'n4']) {
    nodes.ring(server, 'served')
    nodes.deliver()
  }
  expect(requests.map(nodes.reply)).toEqual([ok(1), ok(1)])
  expect(nodes.state('n2')).toMatchObject({ held: new Map([['x', 2]]) })
})

test('a server that missed checks leaves the rotation until it answers a check, or for good with the bug never-back', () => {
  for (const [bug, isBack] of [
    [undefined, true],
    ['never-back', false],
  ] as const) {
    const nodes = four({}, bug)
    const round = (answered: boolean) => {
      nodes.ring('n1', 'health')
      if (!answered) nodes.lose(({ to, message }) => to === 'n4' && message.type === 'check')
      nodes.deliver()
    }
    for (const _ of [1, 2, 3]) round(false)
    expect(chosen(nodes, ['a', 'b', 'c', 'd', 'e', 'f'])).not.toContain('n4')
    round(true)
    expect(chosen(nodes, ['a', 'b', 'c', 'd', 'e', 'f']).includes('n4')).toBe(isBack)
  }
})

test('with panic-share above 0, the balancer sends requests even if all servers are out of rotation', () => {
  for (const [share, answers] of [
    [0, 0],
    [0.5, 1],
  ] as const) {
    const nodes = four({ 'panic-share': share })
    for (const _ of [1, 2, 3]) {
      nodes.ring('n1', 'health')
      nodes.lose()
    }
    expect(chosen(nodes, ['x'])).toHaveLength(answers)
  }
})

test('a deep health check waits in the queue of a server like a request', () => {
  const nodes = four({ 'deep-checks': true, 'service-ms': 10 })
  nodes.ring('n1', 'health')
  nodes.deliver(without('well'))
  expect(nodes.lose(isOf('well'))).toEqual([])
  nodes.ring('n3', 'served')
  expect(nodes.lose(isOf('well')).map(({ from }) => from)).toEqual(['n3'])
})
