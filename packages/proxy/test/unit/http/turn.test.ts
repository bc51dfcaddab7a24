import { nanos } from '@chaosproxy/history'
import type { ConnectionRecorder, Exchange } from '@chaosproxy/recorder'
import type { RoutedRequest } from '@chaosproxy/recorder/mapping'
import type { Answer, MatchableHead } from '@chaosproxy/wire/http'
import { describe, expect, test } from 'vitest'
import { HttpTurn, LOST } from '../../../src/http/turn.ts'

const head: MatchableHead = { method: 'PUT', target: '/kv/x', headers: { get: () => undefined } }
const answerOf = (status: number): Answer => ({ status, headers: undefined, body: undefined })
const peer = { connection: 1, address: '127.0.0.1', process: undefined }
const at = nanos

/**
 * Creates an `HttpTurn` (a request and its response) with a fake recorder. `toldSince` returns the new calls of the
 * recorder's methods.
 */
function turnOf({ touches = 'x', isRouted = true }: { touches?: string; isRouted?: boolean } = {}) {
  const told: unknown[][] = []
  const exchangeOf = (name: string): Exchange => {
    const note =
      (step: string) =>
      (...given: readonly unknown[]) =>
        void told.push([name, step, ...given])
    return {
      ...{ called: note('called'), forwarded: note('forwarded'), answered: note('answered') },
      ...{ delivered: note('delivered'), lostForClient: note('lost'), ended: note('ended') },
    } as unknown as Exchange
  }
  const recording = {
    begin: (time: number) => {
      told.push(['begin', time])
      return exchangeOf('exchange')
    },
    beginWhole: (time: number) => {
      told.push(['begin whole', time])
      return exchangeOf('exchange')
    },
    duplicate: (_: Exchange, time: number) => {
      told.push(['duplicate', time])
      return exchangeOf('copy')
    },
  } as unknown as ConnectionRecorder
  let completions = 0
  const routed = {
    understand: () => ({
      understanding: 'understood',
      complete: ({ status }: Answer) => `completion ${++completions} of ${status}`,
    }),
    touches: () => touches,
  } as unknown as RoutedRequest
  const turn = Object.assign(new HttpTurn(recording, at(1)), { method: 'PUT', target: '/kv/x' })
  if (isRouted) turn.routed = routed
  const end = (time = 5) => turn.requestEnded(head, undefined, peer, at(time))
  return { turn, end, toldSince: () => told.splice(0), recording }
}

describe('the recording of a request', () => {
  test('a request is recorded once it is complete, with the time at which its first byte was forwarded', () => {
    const { turn, end, toldSince } = turnOf()
    turn.forwarded(at(2))
    turn.forwarded(at(3))
    expect([toldSince(), turn.isWhole]).toEqual([[], false])
    end()
    expect([toldSince(), turn.isWhole]).toEqual([
      [
        ['begin whole', 1],
        ['exchange', 'forwarded', 2],
        ['exchange', 'called', 'understood'],
      ],
      true,
    ])
    turn.forwarded(at(6))
    expect(toldSince()).toEqual([['exchange', 'forwarded', 6]])
  })

  test('keepPlace begins the record of a request before the request is complete', () => {
    const { turn, end, toldSince } = turnOf()
    turn.forwarded(at(2))
    turn.keepPlace()
    turn.keepPlace()
    expect(toldSince()).toEqual([
      ['begin', 1],
      ['exchange', 'forwarded', 2],
    ])
    end()
    expect(toldSince()).toEqual([['exchange', 'called', 'understood']])
    const other = turnOf()
    other.turn.keepPlace()
    expect(other.toldSince()).toEqual([['begin', 1]])
  })

  test('a request without a route is recorded without an operation', () => {
    const { end, toldSince } = turnOf({ isRouted: false })
    end()
    expect(toldSince()).toEqual([['begin whole', 1]])
  })

  test('an answer is interpreted only once, and both the server and the client view use this interpretation', () => {
    const { turn, end, toldSince } = turnOf()
    end()
    toldSince()
    const answer = answerOf(200)
    turn.answered(at(6), answer)
    turn.delivered(at(7), answer)
    turn.lostForClient(at(8), 'why')
    turn.ended(at(9), 'closed')
    turn.delivered(at(10), answerOf(500))
    expect(toldSince()).toEqual([
      ['exchange', 'answered', 6, 'completion 1 of 200'],
      ['exchange', 'delivered', 7, 'completion 1 of 200'],
      ['exchange', 'lost', 8, 'why'],
      ['exchange', 'ended', 9, 'closed'],
      ['exchange', 'delivered', 10, 'completion 2 of 500'],
    ])
  })

  test('an answer that arrives before the end of its request is recorded at the end of the request', () => {
    const { turn, end, toldSince } = turnOf()
    const answer = answerOf(200)
    turn.answered(at(2), answer)
    turn.delivered(at(3), answer)
    turn.lostForClient(at(4), 'why')
    expect(toldSince()).toEqual([])
    end(5)
    expect(toldSince().slice(2)).toEqual([
      ['exchange', 'answered', 5, 'completion 1 of 200'],
      ['exchange', 'delivered', 5, 'completion 1 of 200'],
      ['exchange', 'lost', 5, 'why'],
    ])
  })

  test.each<readonly [number | undefined, string, string]>([
    [undefined, 'the request never arrived in full', 'x'],
    [200, 'the request never arrived in full', 'x'],
    [399, 'the request never arrived in full', 'x'],
    [400, 'the request never arrived in full', 'x'],
    [408, 'the request never arrived in full', 'x'],
    [409, 'the request never arrived in full', 'x'],
    [425, 'the request never arrived in full', 'x'],
    [499, 'the request never arrived in full', 'x'],
    [500, 'the request never arrived in full', 'x'],
    [401, 'refused with 401 before it had arrived in full', 'nothing'],
    [413, 'refused with 413 before it had arrived in full', 'nothing'],
  ])(
    'an incomplete request with the early status %s is not understood for the reason %j, and may change %s',
    (status, why, touches) => {
      const { turn, toldSince } = turnOf()
      turn.head = head
      turn.forwarded(at(2))
      turn.keepPlace()
      if (status !== undefined) turn.answered(at(3), answerOf(status))
      toldSince()
      turn.ended(at(4), 'closed')
      expect(toldSince()).toEqual([
        ['exchange', 'called', { kind: 'not-understood', what: 'PUT /kv/x', why, touches }],
        ['exchange', 'ended', 4, 'closed'],
      ])
    },
  )

  test('an incomplete request that cannot have affected the server is not recorded', () => {
    const ended = (turn: HttpTurn, toldSince: () => unknown[][]) => {
      turn.keepPlace()
      toldSince()
      turn.ended(at(4), 'closed')
      return toldSince()
    }
    const [unsent, harmless, unrouted, headless] = [
      turnOf(),
      turnOf({ touches: 'nothing' }),
      turnOf({ isRouted: false }),
      turnOf(),
    ]
    for (const { turn } of [harmless, unrouted, headless]) turn.forwarded(at(2))
    for (const { turn } of [unsent, harmless, unrouted]) turn.head = head
    for (const { turn, toldSince } of [unsent, harmless, unrouted, headless])
      expect(ended(turn, toldSince)).toEqual([['exchange', 'ended', 4, 'closed']])
  })

  test('an operation fails if the server declares that it did not process the request', () => {
    const { turn, end, toldSince } = turnOf()
    end()
    toldSince()
    turn.refused(at(6), 'refused')
    expect(toldSince()).toEqual([
      ['exchange', 'answered', 6, { type: 'fail', error: 'refused' }],
      ['exchange', 'delivered', 6, { type: 'fail', error: 'refused' }],
      ['exchange', 'ended', 6, 'refused'],
    ])
    const incomplete = turnOf()
    incomplete.turn.keepPlace()
    incomplete.toldSince()
    incomplete.turn.refused(at(6), 'refused')
    expect(incomplete.toldSince()).toEqual([['exchange', 'ended', 6, 'refused']])
  })

  test('an operation ends as "not understood" if its answer cannot be parsed', () => {
    const { turn, end, toldSince } = turnOf()
    end()
    toldSince()
    turn.unreadable(at(6))
    turn.abandoned(at(7))
    expect(toldSince()).toEqual([
      ['exchange', 'delivered', 6, { type: 'not-understood', error: LOST.unparsed }],
      ['exchange', 'ended', 6, LOST.unparsed],
      ['exchange', 'ended', 7, LOST.unparsed],
    ])
    const incomplete = turnOf()
    incomplete.turn.keepPlace()
    incomplete.toldSince()
    incomplete.turn.unreadable(at(6))
    expect(incomplete.toldSince()).toEqual([['exchange', 'ended', 6, LOST.unparsed]])
  })

  test('a request that the proxy sends again is recorded as a duplicate', () => {
    const { turn, end, toldSince } = turnOf()
    end()
    toldSince()
    const copy = turn.duplicate(at(6))
    expect(toldSince()).toEqual([
      ['duplicate', 6],
      ['copy', 'forwarded', 6],
    ])
    expect(copy).toMatchObject({ method: 'PUT', isDuplicate: true, isWhole: true, name: 'PUT ' })
    copy.answered(at(7), answerOf(200))
    expect(toldSince()).toEqual([['copy', 'answered', 7, 'completion 1 of 200']])
    expect(turnOf().turn.duplicate(at(6)).exchange).toBeUndefined()
  })
})
