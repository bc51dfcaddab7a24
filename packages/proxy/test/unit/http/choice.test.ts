import { createRandom, type HttpFault, httpFamily } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { HttpRule } from '../../../src/http/http-rule.ts'
import { planRequest } from '../../../src/http/request-fate.ts'
import { compileMatch, type Known } from '../../../src/http/request-match.ts'
import { HttpTurn } from '../../../src/http/turn.ts'
import { changesProtocol } from '../../../src/http/upgrade-fate.ts'
import { carryOut, type Effect, Rule } from '../../../src/link/rule.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

function ruleOf(fault: object, appliedAtMs = 0): HttpRule {
  const parsed = httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test')
  return new HttpRule(
    { fault: parsed, appliedAtMs, hits: 0, missed: 0, missedBecause: undefined, recent: [] },
    createRandom(1),
  )
}
test('a rate limit allows a burst of requests at once, and later requests at its rate', () => {
  const fault = { kind: 'rate-limit', requestsPerSecond: 2, burst: 3 } as const
  const rule = ruleOf(fault, 1000)
  const taken = [1000, 1000, 1000, 1000, 1499, 1500, 1500, 3000, 9000, 9000, 9000, 9000, 9499, 9500].map((nowMs) =>
    rule.takesToken(fault, nowMs),
  )
  expect(taken.map(Number).join('')).toBe('11100101111001')
})

describe('a rule', () => {
  const named = (kind: object) => ruleOf({ kind: 'lose-request', ...kind })

  test('a fault stores the last eight requests that it hit, each cut to 210 characters', () => {
    const rule = named({})
    rule.hit()
    for (let i = 0; i < 9; i++) rule.hit(`${i}`.padEnd(211, 'x'))
    expect(rule.standing.recent.map(({ number, request }) => [number, request.length, request[0]])).toEqual(
      Array.from({ length: 8 }, (_, i) => [i + 3, 210, `${i + 1}`]),
    )
    rule.takeBack('a reason')
    expect(rule.standing).toMatchObject({ hits: 9, missed: 1, missedBecause: 'a reason' })
    expect(rule.standing.recent.at(-1)?.number).toBe(9)
  })

  test('a rule draws delays within its jitter, and no negative delay', () => {
    const drawn = (delayMs: number, jitterMs: number, number: number) =>
      new Rule(named({}).standing, {
        ...createRandom(1),
        fork: () => ({ ...createRandom(1), next: () => number }),
      }).drawDelayMs({ delayMs, jitterMs }, { number: 1 })
    expect([drawn(10, 4, 0), drawn(10, 4, 0.5), drawn(10, 4, 0.75), drawn(10, 0, 0.75), drawn(3, 4, 0)]).toEqual([
      6, 10, 12, 10, 0,
    ])
  })

  test('a rule draws separate random numbers for each connection', () => {
    const rule = named({})
    const [one, same, two] = [{ number: 1 }, { number: 1 }, { number: 2 }]
    expect(rule.randomFor(one)).toBe(rule.randomFor(one))
    expect(rule.randomFor(same).next()).toBe(named({}).randomFor(one).next())
    expect(rule.randomFor(two).next()).not.toBe(named({}).randomFor(one).next())
  })

  test.each<readonly [readonly Effect[], readonly number[]]>([
    [
      ['acts', 'none', 'acts'],
      [1, 0, 1],
    ],
    [
      ['acts', 'ends', 'acts'],
      [0, 1, 0],
    ],
    [
      ['none', 'none'],
      [0, 0],
    ],
  ])(
    'rules with the effects %j count the hits %j: if a rule ends the message, only that rule counts a hit',
    (effects, hits) => {
      const rules = effects.map(() => named({}))
      const suffered: number[] = []
      carryOut(
        rules,
        (rule) => {
          suffered.push(rules.indexOf(rule))
          return effects[rules.indexOf(rule)] ?? 'none'
        },
        'GET /',
      )
      expect(rules.map(({ standing }) => standing.hits)).toEqual(hits)
      expect(rules.flatMap(({ standing }) => standing.recent.map(({ request }) => request))).toEqual(
        hits.filter((hit) => hit > 0).map(() => 'GET /'),
      )
      const end = effects.indexOf('ends')
      expect(suffered).toHaveLength(end === -1 ? effects.length : end + 1)
    },
  )
})

const headOf = (method: string, target: string, headers: { readonly [name: string]: string } = {}) => ({
  method,
  target,
  headers: { get: (name: string) => headers[name] },
})

describe('the match of an HTTP fault', () => {
  const known: Known = { head: headOf('GET', '/kv/x?a', { 'x-user': 'anna' }), client: '10.0.0.7' }
  const body = bytesOf('hello')

  test.each<readonly [HttpFault['match'], Partial<Known>, boolean | undefined]>([
    [undefined, {}, true],
    [{}, {}, true],
    [{ method: 'get,put' }, {}, true],
    [{ method: 'put' }, {}, false],
    [{ path: '/kv/{key}' }, {}, true],
    [{ path: '/kv' }, {}, false],
    [{ header: 'X-User' }, {}, true],
    [{ header: 'X-User', headerValue: 'nn' }, {}, true],
    [{ header: 'X-User', headerValue: 'bob' }, {}, false],
    [{ header: 'X-Other' }, {}, false],
    [{ client: '10.0.0.0/8' }, {}, true],
    [{ client: '10.0.0.8' }, {}, false],
    [{ body: 'ell' }, {}, undefined],
    [{ body: 'ell' }, { body }, true],
    [{ body: 'elk' }, { body }, false],
    [{ body: 'elk', method: 'put' }, {}, false],
    [{ method: 'put', body: 'elk' }, {}, false],
    [{ status: '5xx' }, {}, undefined],
    [{ status: '5xx' }, { status: 503 }, true],
    [{ status: '5xx' }, { status: 405 }, false],
    [{ status: '503' }, { status: 503 }, true],
    [{ not: { method: 'get' } }, {}, false],
    [{ not: { method: 'put' } }, {}, true],
    [{ method: 'get', not: { status: '5xx' } }, {}, undefined],
    [{ method: 'put', not: { status: '5xx' } }, {}, false],
    [{ body: 'ell', not: { method: 'put' } }, {}, undefined],
    [{ body: 'ell', not: { method: 'get' } }, {}, false],
    [{ not: { method: 'get', status: '5xx' } }, { status: 200 }, true],
  ])('the match %j of a request with the further parts %j has the result %s', (match, more, expected) => {
    expect(compileMatch(match)({ ...known, ...more })).toBe(expected)
  })

  test('the match of an HTTP fault checks the address of each client separately', () => {
    const judge = compileMatch({ client: '10.0.0.7' })
    const verdicts = ['10.0.0.7', '10.0.0.8', '10.0.0.8', '10.0.0.7', ''].map((client) => judge({ ...known, client }))
    expect(verdicts).toEqual([true, false, false, true, false])
  })
})

test.each<readonly [boolean, string, number, boolean]>([
  [true, 'GET', 101, true],
  [false, 'GET', 101, false],
  [true, 'GET', 200, false],
  [true, 'CONNECT', 199, false],
  [true, 'CONNECT', 200, true],
  [true, 'CONNECT', 299, true],
  [true, 'CONNECT', 300, false],
  [false, 'CONNECT', 200, false],
])('if the offer of an upgrade is %s, the method %s and the status %i, changesProtocol returns %s', (...row) => {
  const [switches, method, status, isChanged] = row
  const turn = Object.assign(new HttpTurn(undefined, nanos(0)), { switches, method })
  expect(changesProtocol(turn, status)).toBe(isChanged)
})

describe('the plan for a request', () => {
  const chances = { nowMs: () => 0, seat: { number: 1 } }
  const planned = (faults: readonly object[], members: object = {}) => {
    const turn = Object.assign(new HttpTurn(undefined, nanos(0)), { method: 'PUT', target: '/kv/x', ...members })
    const rules = faults.map((fault) => ruleOf(fault))
    return { plan: planRequest(rules, turn, chances), rules, turn }
  }
  const copies = (count: number) => ({ kind: 'duplicate-request', copies: count })
  const delay = (delayMs: number) => ({ kind: 'delay-request', delayMs })

  test.each<readonly [readonly object[], number]>([
    [[], 0],
    [[copies(1)], 1],
    [[copies(2), copies(3)], 11],
    [[copies(100), copies(100)], 1000],
  ])('the plan for a request under %j copies the request %i times', (faults, expected) => {
    const { plan } = planned(faults)
    expect([plan.copies, plan.copying.length, plan.isNothing]).toEqual([expected, faults.length, faults.length === 0])
  })

  test.each<readonly [object, string | undefined]>([
    [{ switches: true }, 'after the request the connection may change its protocol'],
    [{ isHttp10: true, wantsClose: true }, 'the connection ends with the request (HTTP/1.0)'],
    [{ isHttp10: true }, undefined],
    [{ wantsClose: true }, undefined],
  ])('a request is copied only if the connection can carry another request: %j', (members, missed) => {
    const { plan, rules } = planned([copies(1)], members)
    expect([plan.copies, rules[0]?.standing.missedBecause]).toEqual([missed === undefined ? 1 : 0, missed])
  })

  test('the delays of several faults on a request add up', () => {
    const { plan, rules } = planned([delay(5), delay(7)])
    expect(plan.delay).toEqual({ durationMs: 12, rule: rules[1] })
    expect([plan.isNothing, rules.map(({ standing }) => standing.hits)]).toEqual([false, [1, 1]])
  })

  test('the plan for a request reports whether an edit changes the content or the Expect field', () => {
    const edit = (members: object) => {
      const { plan } = planned([{ kind: 'edit-request', ...members }])
      return [plan.changesContent, plan.changesExpectation, plan.isNothing]
    }
    expect(edit({ body: 'x' })).toEqual([true, false, false])
    expect(edit({ headers: { 'X-A': 'b' } })).toEqual([false, false, false])
    expect(edit({ headers: { 'If-Match': 'b' } })).toEqual([true, false, false])
    expect(edit({ headers: { 'X-If-Match': 'b' } })).toEqual([false, false, false])
    expect(edit({ headers: { expect: null } })).toEqual([false, true, false])
    expect(edit({ headers: { 'X-Expect': 'b' } })).toEqual([false, false, false])
  })

  test('the first fault that replies in place of the server is the last fault in the plan for a request', () => {
    const status = { kind: 'error-status', status: 503 }
    const { rules, turn } = planned([delay(5), status, { kind: 'lose-request' }], { wantsClose: true })
    expect(rules.map(({ standing }) => standing.hits)).toEqual([0, 1, 0])
    expect([turn.madeUp?.status, turn.silenced, turn.endsConnection]).toEqual([503, undefined, true])
    expect(planned([status]).turn.endsConnection).toBe(false)
    expect(planned([{ kind: 'crash-before-reply' }]).turn.crashes).toBe(true)
    expect(planned([{ kind: 'trickle-request', pieceBytes: 3, pauseMs: 5 }]).plan).toMatchObject({
      isNothing: false,
      trickle: { pieceBytes: 3, pauseMs: 5 },
    })
  })
})
