import { expect, test } from 'vitest'
import { ALL_EDGES, EDGE, namesOfEdges } from '../../../src/record/call.ts'
import { outcomeOf } from '../../../src/record/outcome.ts'

const left = EDGE.clientIn | EDGE.backendOut
const ok = { type: 'ok', value: 7 } as const
const fail = { type: 'fail', error: 'status 409' } as const
const info = { type: 'info', error: 'status 503' } as const

test.each([
  ['a request that was never forwarded failed', { edges: EDGE.clientIn, harmless: false, reason: 'lost' }, 'fail'],
  [
    'a request that was never forwarded failed, whatever error a fault fabricated',
    { edges: EDGE.clientIn, answer: info, harmless: false },
    'fail',
  ],
  [
    'a success counts as success, even if a fault fabricated the success',
    { edges: EDGE.clientIn, answer: ok, harmless: false },
    'ok',
  ],
  ['a definite refusal is a failure', { edges: ALL_EDGES, answer: fail, backend: fail, harmless: false }, 'fail'],
  [
    'a refusal that replaced a success leaves the outcome unknown',
    { edges: ALL_EDGES, answer: fail, backend: ok, harmless: false },
    'info',
  ],
  [
    'a refusal that replaced an error leaves the outcome unknown',
    { edges: ALL_EDGES, answer: fail, backend: info, harmless: false },
    'info',
  ],
  [
    'a refusal fabricated without a reply leaves the outcome unknown',
    { edges: ALL_EDGES, answer: fail, harmless: false },
    'info',
  ],
  [
    'a fabricated refusal fails an operation without effects',
    { edges: ALL_EDGES, answer: fail, backend: ok, harmless: true },
    'fail',
  ],
  ['a status 5xx leaves the outcome unknown', { edges: ALL_EDGES, answer: info, harmless: false }, 'info'],
  [
    'a forwarded request without a reply has an unknown outcome',
    { edges: left, reason: 'reset', harmless: false },
    'info',
  ],
  [
    'a forwarded request without a reply fails if it has no effects',
    { edges: left, reason: 'reset', harmless: true },
    'fail',
  ],
  ['a status 5xx fails an operation without effects', { edges: ALL_EDGES, answer: info, harmless: true }, 'fail'],
])('outcomeOf follows the rule that %s', (_, ending, type) => {
  expect(outcomeOf({ backend: undefined, ...ending }).type).toBe(type)
})

test('the error of a failed operation states that its request was never forwarded', () => {
  expect(
    outcomeOf({ edges: EDGE.clientIn, backend: undefined, reason: 'the request was lost', harmless: false }),
  ).toEqual({
    type: 'fail',
    error: 'never forwarded: the request was lost',
  })
})

test('a refusal that a fault fabricated leaves the outcome of the write unknown', () => {
  const made = outcomeOf({ edges: ALL_EDGES, answer: fail, backend: ok, harmless: false })
  expect(made).toEqual({ type: 'info', error: 'status 409, but the backend may have carried it out' })
})

test('a refusal counts as an answer of the object itself only if no fault fabricated it', () => {
  const answered = { ...fail, answered: true } as const
  const end = (backend: typeof answered | typeof fail | typeof ok) =>
    outcomeOf({ edges: ALL_EDGES, answer: answered, backend, harmless: true })
  expect(end(answered)).toEqual(answered)
  expect(end(fail)).toEqual(fail)
  expect(end(ok)).toEqual(fail)
})

test('namesOfEdges lists the points of the proxy in the order in which a request and its reply pass them', () => {
  expect(namesOfEdges(ALL_EDGES)).toEqual(['client-in', 'backend-out', 'backend-in', 'client-out'])
})
