import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../testing/src/sockets.ts'
import { chain } from '../../../src/interceptor/chain.ts'
import type { Conversation, Exit, Intercept, Interceptor } from '../../../src/interceptor/interceptor.ts'
import { taped } from '../../../src/interceptor/taped-conversations.ts'
import { Tape } from '../../../src/tape/tape.ts'

/** A connection without sockets, which notes what is done to it. */
function connection() {
  const told: string[] = []
  const state = { isCongested: false }
  const exitOf = (name: string): Exit => ({
    pass(bytes) {
      told.push(`${name} ${bytes}`)
      return bytes.toString() !== 'kept'
    },
    end: () => void told.push(`${name} END`),
    reset: () => void told.push(`${name} RESET`),
    setReading: (isReading) => void told.push(`${name} ${isReading ? 'read' : 'stop'}`),
    get congested() {
      return state.isCongested
    },
  })
  const conversation: Conversation = {
    id: 3,
    client: { host: '127.0.0.1', port: 1 },
    requests: exitOf('server'),
    responses: exitOf('client'),
    dial: () => void told.push('dial'),
    abort: () => void told.push('abort'),
    guard: (callback) => callback(),
  }
  return { conversation, told, state, saidSince: () => told.splice(0) }
}

/** An interceptor that passes on the result of `change` in place of each request, and notes its calls. */
function noting(name: string, calls: string[], change: (bytes: Buffer) => readonly Buffer[] = (bytes) => [bytes]) {
  let given: Conversation | undefined
  const intercept: Intercept = (conversation): Interceptor => {
    given = conversation
    const { requests, responses } = conversation
    return {
      isIdle: true,
      requests: {
        receive(bytes) {
          let isFree = true
          for (const each of change(bytes)) isFree = requests.pass(each) && isFree
          return isFree
        },
        end: () => requests.end(),
        reset: () => requests.reset(),
        delivered: (totalBytes) => void calls.push(`${name} requests delivered ${totalBytes}`),
        altered: () => void calls.push(`${name} altered`),
      },
      responses: {
        receive: (bytes) => responses.pass(bytes),
        end: () => responses.end(),
        reset: () => responses.reset(),
        delivered: (totalBytes) => void calls.push(`${name} responses delivered ${totalBytes}`),
      },
      closed: () => void calls.push(`${name} closed`),
      disturbed: (altered = []) => void calls.push(`${name} disturbed ${altered.map(String)}`),
      failed: (error) => void calls.push(`${name} failed ${error}`),
    }
  }
  return { intercept, exits: () => given as Conversation }
}

function chained(change?: (bytes: Buffer) => readonly Buffer[]) {
  const calls: string[] = []
  const [outer, inner] = [noting('outer', calls), noting('inner', calls, change)]
  const { conversation, state, saidSince } = connection()
  const interceptor = chain(outer.intercept, inner.intercept)(conversation)
  return { interceptor, outer, inner, state, saidSince, callsSince: () => calls.splice(0) }
}

describe('two chained interceptors', () => {
  test('two chained interceptors pass requests from the outer to the inner one, and responses from inner to outer', () => {
    const { interceptor, saidSince } = chained((bytes) => [Buffer.from(`<${bytes}>`)])
    expect(interceptor.requests.receive(Buffer.from('a'))).toBe(true)
    expect(interceptor.responses.receive(Buffer.from('b'))).toBe(true)
    expect(interceptor.responses.receive(Buffer.from('kept'))).toBe(false)
    for (const stage of [interceptor.requests, interceptor.responses]) {
      stage.end()
      stage.reset()
    }
    expect(saidSince()).toEqual([
      'server <a>',
      'client b',
      'client kept',
      ...['server END', 'server RESET', 'client END', 'client RESET'],
    ])
  })

  test('two chained interceptors are both notified of deliveries, changes, failures and the end', () => {
    const { interceptor, inner, callsSince } = chained()
    interceptor.responses.delivered(5)
    interceptor.requests.altered?.()
    inner.exits().disturbed?.([Buffer.from('x')])
    interceptor.failed?.('why')
    interceptor.closed()
    expect(callsSince()).toEqual([
      ...['inner responses delivered 5', 'outer responses delivered 5', 'inner altered', 'outer altered'],
      'outer disturbed x',
      ...['inner failed why', 'outer failed why', 'inner closed', 'outer closed'],
    ])
    expect(interceptor.isIdle).toBe(true)
  })

  test('a chain of two interceptors reads from the client only if neither interceptor has paused reading', () => {
    const { outer, inner, saidSince } = chained()
    outer.exits().requests.setReading(false)
    inner.exits().requests.setReading(false)
    outer.exits().requests.setReading(true)
    inner.exits().requests.setReading(true)
    expect(saidSince()).toEqual(['server stop', 'server stop', 'server stop', 'server read'])
    inner.exits().responses.setReading(false)
    expect(saidSince()).toEqual(['client stop'])
  })

  test('two chained interceptors see whether the connection is congested', () => {
    const { outer, inner, state } = chained()
    const seen = () => [outer, inner].flatMap(({ exits }) => [exits().requests.congested, exits().responses.congested])
    expect(seen()).toEqual([false, false, false, false])
    state.isCongested = true
    expect(seen()).toEqual([true, true, true, true])
  })

  test.each<readonly [string, (bytes: Buffer) => readonly Buffer[], readonly number[], readonly number[]]>([
    ['nothing', (bytes) => [bytes], [0, 1, 3, 4, 6], [0, 3, 3, 6, 6]],
    ['the length', (bytes) => [Buffer.from(`${bytes}${bytes}`)], [0, 1, 6, 7, 12], [0, 3, 3, 6, 6]],
    ['one message into two', (bytes) => [bytes, bytes], [0, 1, 6, 7, 12], [0, 3, 3, 6, 6]],
  ])(
    'if the inner interceptor changes %s, a request counts as delivered with the first byte of its replacement',
    (...row) => {
      const [, change, delivered, expected] = row
      const { interceptor, callsSince } = chained(change)
      for (const text of ['abc', 'def']) interceptor.requests.receive(Buffer.from(text))
      const outer = delivered.map((totalBytes) => {
        interceptor.requests.delivered(totalBytes)
        return callsSince().find((call) => call.startsWith('outer'))
      })
      expect(outer).toEqual(expected.map((totalBytes) => `outer requests delivered ${totalBytes}`))
    },
  )

  test('in a chain, the bytes of a dropped request count as delivered with the first byte of the next request', () => {
    const { interceptor, callsSince } = chained((bytes) => (bytes.toString() === 'abc' ? [] : [bytes]))
    for (const text of ['abc', 'de', 'f']) interceptor.requests.receive(Buffer.from(text))
    for (const totalBytes of [0, 1, 2, 3]) interceptor.requests.delivered(totalBytes)
    expect(callsSince().filter((call) => call.startsWith('outer'))).toEqual(
      [0, 5, 5, 6].map((totalBytes) => `outer requests delivered ${totalBytes}`),
    )
  })
})

describe('a taped connection', () => {
  function tapes() {
    const clock = new ManualClock()
    const budget = { leftBytes: 1 << 20 }
    const [forward, backward] = [new Tape(1 << 16, budget), new Tape(1 << 16, budget)]
    const entries = (tape: Tape) =>
      [...tape.entries()].map(({ kind, stream, atMs, ...more }) => {
        const place = 'totalBytes' in more ? more.totalBytes : 'positionBytes' in more ? more.positionBytes : undefined
        return [kind, stream, atMs, ...(place === undefined ? [] : [place])]
      })
    return { clock, forward, backward, entries }
  }

  test('a taped connection is dialled immediately, and its times, positions and deliveries are recorded on the tape', () => {
    const { clock, forward, backward, entries } = tapes()
    const { conversation, saidSince, state } = connection()
    clock.advance(1)
    const interceptor = taped({ forward, backward, clock }, undefined)?.(conversation)
    expect(saidSince()).toEqual(['dial'])
    clock.advance(1)
    expect(interceptor?.requests.receive(Buffer.from('abc'))).toBe(true)
    state.isCongested = true
    clock.advance(1)
    expect(interceptor?.requests.receive(Buffer.from('kept'))).toBe(false)
    clock.advance(1)
    interceptor?.requests.delivered(0)
    interceptor?.requests.delivered(3)
    interceptor?.requests.delivered(3)
    interceptor?.requests.altered?.()
    interceptor?.requests.end()
    interceptor?.responses.reset()
    interceptor?.disturbed?.()
    interceptor?.closed()
    expect(saidSince()).toEqual(['server abc', 'server kept', 'server END', 'client RESET'])
    expect(entries(forward)).toEqual([
      ['opened', 6, 1],
      ['bytes', 6, 2, 0],
      ['bytes', 6, 3, 3],
      ['unread', 6, 3],
      ['delivered', 6, 4, 3],
      ['disturbed', 6, 4],
      ['finished', 6, 4],
      ['disturbed', 6, 4],
      ['closed', 6, 4],
    ])
    expect(entries(backward)).toEqual([
      ['opened', 7, 1],
      ['disturbed', 7, 4],
      ['closed', 7, 4],
    ])
  })

  test('bytes delivered while they are being passed on have their arrival time as delivery time on the tape', () => {
    const { clock, forward, entries } = tapes()
    const { conversation } = connection()
    const made: { interceptor?: Interceptor | undefined } = {}
    const exit = {
      ...conversation.requests,
      pass(bytes: Buffer) {
        clock.advance(5)
        made.interceptor?.requests.delivered(bytes.length)
        return true
      },
    }
    const intercept = taped({ forward, backward: undefined, clock }, undefined)
    made.interceptor = intercept?.({ ...conversation, requests: exit })
    made.interceptor?.requests.receive(Buffer.from('abc'))
    expect(entries(forward)).toEqual([
      ['opened', 6, 0],
      ['bytes', 6, 0, 0],
    ])
  })

  test('a connection is recorded on tape only if at least one direction has a tape', () => {
    const { clock, forward, backward } = tapes()
    const inner: Intercept = noting('inner', []).intercept
    expect(taped({ forward: undefined, backward: undefined, clock }, inner)).toBe(inner)
    for (const one of [
      { forward, backward: undefined },
      { forward: undefined, backward },
    ]) {
      const { conversation, saidSince } = connection()
      const interceptor = taped({ ...one, clock }, inner)?.(conversation)
      interceptor?.requests.receive(Buffer.from('a'))
      expect(saidSince()).toEqual(['dial', 'server a'])
    }
    expect([[...forward.entries()].length, [...backward.entries()].length]).toEqual([2, 1])
  })
})
