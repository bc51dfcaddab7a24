import { expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import { createNodes, ok, read, write } from '../nodes.ts'

const protocol = findProtocol('single')!
type Settings = Parameters<typeof protocol.create>[0]['settings']
/** n1 is the database. */
const three = (settings: Settings = {}, { bug, object = 'counter' }: { bug?: string; object?: string } = {}) =>
  createNodes(protocol.create({ bug, object, settings }), ['n1', 'n2', 'n3'])
type Nodes = ReturnType<typeof three>

const add = { f: 'add', key: 'x', value: 1 }
const isAnswer = ({ message }: { readonly message: { readonly type: string } }) => message.type === 'did'

function callsOfN2(nodes: Nodes, afterMs: number) {
  nodes.pass(afterMs)
  nodes.ring('n2', 'calls')
}

/** The request takes effect, the answer is lost, and the app server gets time for another attempt. */
function loseFirstAnswer(nodes: Nodes) {
  const request = nodes.ask('n2', add)
  nodes.deliver((letter) => !isAnswer(letter))
  nodes.lose()
  callsOfN2(nodes, 100)
  return request
}

function retry(nodes: Nodes) {
  callsOfN2(nodes, 1_000)
  nodes.deliver()
}

test('app servers forward requests of clients to the database, and return its answers', () => {
  const nodes = three({}, { object: 'register' })
  expect(nodes.answer('n2', write('x', 1))).toEqual(ok(1))
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
  expect(nodes.answer('n1', read('x'))).toEqual(ok(1))
})

test('without retries, a lost answer gives a write the outcome info and a read the outcome fail', () => {
  const nodes = three({ retry: 'none' })
  expect(nodes.reply(loseFirstAnswer(nodes))).toEqual({ type: 'info', error: 'no answer, after 1 attempt' })
  const request = nodes.ask('n2', read('x'))
  nodes.lose()
  callsOfN2(nodes, 100)
  expect(nodes.reply(request)).toEqual({ type: 'fail', error: 'no answer, after 1 attempt' })
})

test('a blind retry executes twice; a retry with a key executes once, and returns the original answer', () => {
  for (const [how, count] of [
    ['blind', 2],
    ['key', 1],
  ] as const) {
    const nodes = three({ retry: how })
    const request = loseFirstAnswer(nodes)
    retry(nodes)
    expect(nodes.reply(request)).toEqual(ok(1))
    expect(nodes.answer('n3', read('x'))).toEqual(ok(count))
  }
})

test('the database recognises the key of a retry after a restart, except with the bug key-in-memory', () => {
  for (const [bug, count] of [
    [undefined, 1],
    ['key-in-memory', 2],
  ] as const) {
    const nodes = three({}, bug === undefined ? {} : { bug })
    loseFirstAnswer(nodes)
    nodes.kill('n1')
    nodes.restart('n1')
    retry(nodes)
    expect(nodes.answer('n3', read('x'))).toEqual(ok(count))
  }
})

test('a request that the network delivers twice is applied once, even across a restart', () => {
  const nodes = three({ retry: 'none' })
  nodes.ask('n2', add)
  const [letter] = nodes.lose()
  for (const kill of [false, true]) {
    if (kill) {
      nodes.kill('n1')
      nodes.restart('n1')
    }
    nodes.hand(letter!)
    nodes.hand(letter!)
  }
  expect(nodes.answer('n3', read('x'))).toEqual(ok(1))
})

test('an app server limits its attempts, and doubles the pause between them up to a maximum', () => {
  const nodes = three({ attempts: 3, backoff: 'exponential', 'backoff-ms': 40 })
  const request = nodes.ask('n2', add)
  for (const pauseMs of [100, 40, 100, 80]) {
    nodes.lose()
    callsOfN2(nodes, pauseMs)
    expect(nodes.reply(request)).toBeUndefined()
  }
  nodes.lose()
  callsOfN2(nodes, 100)
  expect(nodes.reply(request)).toEqual({ type: 'info', error: 'no answer, after 3 attempts' })
})

test('an app server whose retry budget is used up does not retry a failed request', () => {
  const nodes = three({ 'retry-budget': 0.5 })
  const failed = () => {
    const request = nodes.ask('n2', add)
    nodes.lose()
    callsOfN2(nodes, 100)
    return nodes.reply(request)?.type
  }
  expect([failed(), failed()]).toEqual(['info', undefined])
})

test('the circuit breaker opens after consecutive failures, and closes if a request after the cool-down succeeds', () => {
  const nodes = three({ retry: 'none', 'breaker-failures': 2, 'cool-down-ms': 200 })
  for (const _ of [1, 2]) loseFirstAnswer(nodes)
  const circuitOpen = { type: 'fail', error: 'the circuit is open' }
  expect(nodes.answer('n2', add)).toEqual(circuitOpen)
  nodes.pass(200)
  expect(nodes.answer('n2', add)).toEqual(ok(1))
  expect(nodes.answer('n2', read('x'))).toEqual(ok(3))
})

test('a half-open circuit breaker lets one request through', () => {
  const nodes = three({ retry: 'none', 'breaker-failures': 1, 'cool-down-ms': 200 })
  loseFirstAnswer(nodes)
  nodes.pass(200)
  const probe = nodes.ask('n2', add)
  expect(nodes.reply(nodes.ask('n2', add))).toMatchObject({ type: 'fail' })
  expect(nodes.reply(probe)).toBeUndefined()
})

test('in degraded mode, an app server answers reads with the last known value', () => {
  const nodes = three({ degrade: true, retry: 'none' })
  expect(nodes.answer('n2', read('x'))).toEqual(ok(0))
  nodes.answer('n3', add)
  nodes.kill('n1')
  const request = nodes.ask('n2', read('x'))
  nodes.lose()
  callsOfN2(nodes, 100)
  expect(nodes.reply(request)).toEqual(ok(0))
})

test('a database with a service time serves requests one after another, and refuses requests beyond its queue limit', () => {
  const nodes = three({ 'service-ms': 10, 'queue-limit': 2, retry: 'none' })
  const request = [1, 2, 3].map(() => nodes.ask('n2', add))
  nodes.deliver()
  expect(request.map(nodes.reply)).toEqual([undefined, undefined, expect.objectContaining({ type: 'fail' })])
  for (const _ of [1, 2]) {
    nodes.ring('n1', 'served')
    nodes.deliver()
  }
  expect(request.slice(0, 2).map(nodes.reply)).toEqual([ok(1), ok(1)])
  expect(nodes.isSet('n1', 'served')).toBe(false)
})

test('blind retries and degraded reads weaken the promised level', () => {
  expect(protocol.promises('counter', {})).toBe('linearizable')
  expect(protocol.promises('counter', { retry: 'none' })).toBe('linearizable')
  expect(protocol.promises('counter', { retry: 'blind' })).toBe('none')
  expect(protocol.promises('counter', { degrade: true })).toBe('eventual')
})
