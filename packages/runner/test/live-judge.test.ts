import type { EventInput } from '@chaosproxy/history'
import { createLiveJudge, violationText } from '@chaosproxy/runner'
import { expect, test } from 'vitest'

const operation = (process: number, f: string, value: number, key = 'x'): EventInput[] => [
  { process, type: 'invoke', f, key, value: f === 'read' ? null : value },
  { process, type: 'ok', f, key, value },
]
const STALE = [...operation(0, 'write', 1), ...operation(0, 'write', 2), ...operation(1, 'read', 1)]

test('a violation is reported once, at the event that makes it certain, with its place in the record', () => {
  const judge = createLiveJudge({ model: 'register', initial: null }, (position) => ({ path: 'p', line: position + 2 }))
  const told: string[] = []
  judge.onViolation((violation) => told.push(violationText(violation)))
  for (const event of STALE.slice(0, -1)) judge.push(event)
  expect({ ...judge.judged(), told }).toEqual({ soFar: 'not certain', doubt: 'no read succeeded yet', told: [] })
  judge.push(STALE.at(-1)!)
  for (const event of STALE) judge.push(event)
  expect(told).toEqual([expect.stringMatching(/^not linearizable: Process 1 read 1 for x, .* \(p:7\)$/)])
  expect(judge.judged()).toMatchObject({ soFar: 'not linearizable', violation: { key: 'x', position: 5 } })
})

test('a history that cannot be judged is not called linearizable; the reason is given', () => {
  const touched = createLiveJudge({ model: 'register', initial: null })
  for (const event of operation(0, 'write', 1)) touched.push(event)
  touched.push({ process: 'recorder', type: 'info', f: 'touched', key: 'x', value: { what: 'EVAL', why: 'unknown' } })
  expect(touched.judged()).toEqual({ soFar: 'not certain', doubt: expect.stringContaining('x') })
  const strange = createLiveJudge({ model: 'register', initial: null })
  for (const event of operation(0, 'juggle', 1)) strange.push(event)
  expect(strange.judged()).toEqual({ soFar: 'not certain', doubt: expect.stringContaining('juggle') })
})

test('a stopped judge is certain only of an earlier violation', () => {
  const stopped = createLiveJudge({ model: 'register', initial: null })
  stopped.stop('nobody knows the start')
  for (const event of STALE) stopped.push(event)
  expect(stopped.judged()).toEqual({ soFar: 'not certain', doubt: 'nobody knows the start' })
  const violated = createLiveJudge({ model: 'register', initial: null })
  for (const event of STALE) violated.push(event)
  violated.stop('nobody knows the start')
  expect(violated.judged().soFar).toBe('not linearizable')
})

test('a route table that reads another place than it writes is not a violation of the service', () => {
  const judge = createLiveJudge({ model: 'register', initial: null, mapping: 'routes' })
  for (const value of [1, 2]) for (const event of operation(0, 'write', value)) judge.push(event)
  for (const event of operation(1, 'read', 7)) judge.push(event)
  expect(judge.judged()).toEqual({ soFar: 'not certain', doubt: expect.stringContaining('route table') })
})

test('nothing is certain before an operation has observed something', () => {
  const observations = { register: 'read', counter: 'read', set: 'read', queue: 'dequeue' }
  const written = { register: 'write', counter: 'add', set: 'add', queue: 'enqueue' }
  for (const model of ['register', 'counter', 'set', 'queue'] as const) {
    const judge = createLiveJudge({ model, initial: model === 'counter' ? 0 : model === 'register' ? null : [] })
    expect(judge.judged().soFar, model).toBe('not certain')
    for (const event of operation(0, written[model], 1)) judge.push(event)
    judge.push({ process: 1, type: 'invoke', f: observations[model], key: 'x', value: null })
    judge.push({ process: 1, type: 'fail', f: observations[model], key: 'x', value: null })
    expect(judge.judged(), model).toEqual({
      soFar: 'not certain',
      doubt: expect.stringMatching(/^no .* succeeded yet$/),
    })
    judge.push({ process: 1, type: 'invoke', f: observations[model], key: 'x', value: null })
    judge.push({ process: 1, type: 'ok', f: observations[model], key: 'x', value: model === 'set' ? [1] : 1 })
    expect(judge.judged(), model).toEqual({ soFar: 'linearizable' })
  }
})
