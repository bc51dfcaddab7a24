import { expect, test } from 'vitest'
import { ALL_EDGES, EDGE, namesOfEdges } from '../../src/recorder/call.ts'
import { outcomeOf } from '../../src/recorder/outcome.ts'

const left = EDGE.clientIn | EDGE.backendOut
const ok = { type: 'ok', value: 7 } as const
const fail = { type: 'fail', error: 'status 409' } as const
const info = { type: 'info', error: 'status 503' } as const

test.each([
  ['a request that never left failed', { edges: EDGE.clientIn, harmless: false, reason: 'lost' }, 'fail'],
  [
    'a request that never left failed, whatever error is made up for it',
    { edges: EDGE.clientIn, answer: info, harmless: false },
    'fail',
  ],
  [
    'an answer that says it was done stands, even one made up',
    { edges: EDGE.clientIn, answer: ok, harmless: false },
    'ok',
  ],
  ['a definite refusal is a failure', { edges: ALL_EDGES, answer: fail, harmless: false }, 'fail'],
  ['of what a 5xx answers, nothing is known', { edges: ALL_EDGES, answer: info, harmless: false }, 'info'],
  ['of what left and was not answered, nothing is known', { edges: left, reason: 'reset', harmless: false }, 'info'],
  ['what leaves nothing behind may fail instead', { edges: left, reason: 'reset', harmless: true }, 'fail'],
  ['and so may what a 5xx answers', { edges: ALL_EDGES, answer: info, harmless: true }, 'fail'],
])('%s', (_, ending, type) => {
  expect(outcomeOf(ending).type).toBe(type)
})

test('a failure says that the request never left, and why', () => {
  expect(outcomeOf({ edges: EDGE.clientIn, reason: 'the request was lost', harmless: false })).toEqual({
    type: 'fail',
    error: 'never forwarded: the request was lost',
  })
})

test('edges are named in the order of the way', () => {
  expect(namesOfEdges(ALL_EDGES)).toEqual(['client-in', 'backend-out', 'backend-in', 'client-out'])
})
