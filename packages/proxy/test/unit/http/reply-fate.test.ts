import { createRandom, httpFamily } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Candidate, candidateFor, HttpRule } from '../../../src/http/http-rule.ts'
import { makeUpReply, type Reply } from '../../../src/http/reply.ts'
import { applyFaults, chosenForReply, planReply } from '../../../src/http/reply-fate.ts'
import { HttpTurn } from '../../../src/http/turn.ts'

const chances = { nowMs: () => 0, seat: { number: 1 } }
const head = { method: 'GET', target: '/kv/x', headers: { get: () => undefined } }
const turnOf = (members: object = {}) =>
  Object.assign(new HttpTurn(undefined, nanos(0)), { method: 'GET', target: '/kv/x', head, ...members })

function ruleOf(fault: object): HttpRule {
  const parsed = httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test')
  const standing = { fault: parsed, appliedAtMs: 0, hits: 0, missed: 0, missedBecause: undefined, recent: [] }
  return new HttpRule(standing, createRandom(1))
}
const chosen = (rule: HttpRule): Candidate => ({ rule, state: 'chosen' })
const hitsOf = (rules: readonly HttpRule[]) => rules.map(({ standing }) => standing.hits)
const lose = { kind: 'lose-reply' }
const late = (delayMs: number) => ({ kind: 'delay-reply', delayMs })
const edit = { kind: 'edit-reply', status: 404 }

describe('the faults of a response', () => {
  test('the faults of a response are chosen by the request and, if necessary, by the status of the response', () => {
    const known = { head, client: '127.0.0.1' }
    const states = [
      lose,
      { ...lose, match: { status: '5xx' } },
      { ...lose, match: { method: 'put' } },
      { ...lose, when: { nth: 2 } },
    ].map((fault) => candidateFor(ruleOf(fault), known, chances.seat, 0)?.state)
    expect(states).toEqual(['chosen', 'open', undefined, undefined])
    const stale = { kind: 'stale-reply', when: { nth: 2 } }
    expect(candidateFor(ruleOf(stale), known, chances.seat, 0)?.state).toBe('seen')
  })

  test.each([
    [503, 1],
    [200, 0],
  ])('for a response with the status %i, the number of chosen faults for 5xx is %i', (status, count) => {
    const rule = ruleOf({ ...lose, match: { status: '5xx' } })
    const turn = turnOf({ replyRules: [{ rule, state: 'open' }] })
    const candidates = chosenForReply(turn, status, '127.0.0.1', chances)
    expect(candidates.map(({ state }) => state)).toEqual(Array(count).fill('chosen'))
    expect(
      chosenForReply(turnOf({ replyRules: [{ rule, state: 'open' }], head: undefined }), 503, '', chances),
    ).toEqual([])
  })

  test('a fault that searches request bodies misses a response that arrives before the end of the request', () => {
    const rule = ruleOf({ ...lose, match: { body: 'a', status: '2xx' } })
    const open = { rule, state: 'open', body: Buffer.from('abc') }
    expect(chosenForReply(turnOf({ replyRules: [open] }), 200, '', chances)).toEqual([])
    expect(rule.standing).toMatchObject({ missed: 1, missedBecause: 'the reply came before the end of the request' })
    expect(chosenForReply(turnOf({ replyRules: [open], isSearched: true }), 200, '', chances)).toHaveLength(1)
  })

  test.each<readonly [string, readonly object[], number | undefined, readonly number[], number]>([
    ['nothing', [], undefined, [], 0],
    ['the sum of its delays', [late(5), late(7)], 12, [1, 1], 0],
    ['nothing, if it is lost', [late(5), lose, late(7)], 5, [0, 1, 0], 0],
    ['its delay', [late(5), edit], 5, [1, 0], 1],
  ])('faults delay a response by %s', (_, faults, delayMs, hits, others) => {
    const rules = faults.map((fault) => ruleOf(fault))
    const plan = planReply(rules.map(chosen), turnOf(), chances)
    expect([plan?.delay?.durationMs, hitsOf(rules), plan?.others.length ?? 0]).toEqual([delayMs, hits, others])
    expect(plan?.lost?.kind).toBe(faults.includes(lose) ? 'lose-reply' : undefined)
    expect(plan === undefined).toBe(faults.length === 0)
  })
})

describe('a response under faults', () => {
  const original = makeUpReply(200, 'abcdef', { close: false, method: 'GET' })
  const suffering = (faults: readonly object[], reply: Reply = original, isEndless = false) => {
    const rules = faults.map((fault) => ruleOf(fault))
    const fate = applyFaults(rules.map(chosen), reply, { turn: turnOf(), isEndless })
    return { fate, hits: hitsOf(rules), rules }
  }
  const cut = (bytes: number) => ({ kind: 'truncate-reply', bytes })

  test.each<readonly [readonly object[], string, readonly number[]]>([
    [[cut(2)], 'ab', [1]],
    [[cut(0)], '', [1]],
    [[cut(4), cut(2)], 'ab', [0, 1]],
    [[cut(2), cut(4)], 'ab', [0, 1]],
  ])('the faults %j cut a response to %j', (faults, text, hits) => {
    const { fate, hits: counted } = suffering(faults)
    expect(fate.reply.raw.subarray(fate.reply.headLength).toString()).toBe(text)
    expect([fate.isCut, counted]).toEqual([true, hits])
  })

  test('truncate-reply cuts neither a response within its limit nor a response whose body is still to come', () => {
    const { fate, hits } = suffering([cut(6)])
    expect([fate.isCut, fate.truncate, fate.reply === original, hits]).toEqual([false, undefined, true, [0]])
    const following = suffering([cut(2)], { ...original, bodyFollows: true })
    expect([following.fate.isCut, following.fate.truncate?.bytes, following.hits]).toEqual([false, 2, [0]])
  })

  test('a replaced response ends its connection if the response of the server never ends', () => {
    const status = { kind: 'error-status', after: 'forwarding', status: 503 }
    for (const isEndless of [false, true]) {
      const { fate, hits } = suffering([status], original, isEndless)
      expect([fate.reply.status, fate.reply.raw.includes('Connection: close'), hits]).toEqual([503, isEndless, [1]])
    }
    const body = { kind: 'edit-reply', body: 'x' }
    const closes = (reply: Reply, isEndless: boolean, fault: object = body) =>
      suffering([fault], reply, isEndless).fate.reply.raw.includes('Connection: close')
    const following = { ...original, bodyFollows: true }
    expect([closes(following, true), closes(following, false), closes(original, true)]).toEqual([true, false, false])
    expect(closes(following, true, { kind: 'edit-reply', headers: { a: 'b' } })).toBe(false)
  })

  test('for the same response, trickle-reply counts a hit at once, and reorder-replies does not', () => {
    const { fate, hits, rules } = suffering([
      { kind: 'trickle-reply', pieceBytes: 3, pauseMs: 5 },
      { kind: 'reorder-replies', withinMs: 9 },
    ])
    expect([fate.trickle, fate.reorder, hits]).toEqual([
      { pieceBytes: 3, pauseMs: 5, rule: rules[0] },
      { withinMs: 9, rule: rules[1] },
      [1, 0],
    ])
  })

  test('stale-reply sends an earlier reply of the route that differs from the current reply', () => {
    const rule = ruleOf({ kind: 'stale-reply' })
    const reply = (text: string) => makeUpReply(200, text, { close: false, method: 'GET' })
    const given = (text: string, state: Candidate['state'] = 'chosen') =>
      applyFaults([{ rule, state }], reply(text), { turn: turnOf(), isEndless: false }).reply.body.bytes.toString()
    expect([given('one'), given('one'), given('two', 'seen'), given('two'), given('three')]).toEqual([
      ...['one', 'one', 'two', 'one', 'two'],
    ])
    expect(rule.standing.hits).toBe(2)
  })
})
