import type { EventInput, Json } from '@chaosproxy/history'
import { createLiveJudge, violationText } from '@chaosproxy/runner'
import { expect, test } from 'vitest'

const operation = (process: number, f: string, value: number, key = 'x'): EventInput[] => [
  { process, type: 'invoke', f, key, value: f === 'read' ? null : value },
  { process, type: 'ok', f, key, value },
]
const STALE = [...operation(0, 'write', 1), ...operation(0, 'write', 2), ...operation(1, 'read', 1)]

test('the live judge reports a violation once, with its line, when the violation becomes certain', () => {
  const judge = createLiveJudge({ model: 'register', initial: null }, (position) => ({ path: 'p', line: position + 2 }))
  const told: string[] = []
  judge.onViolation((violation) => told.push(violationText(violation)))
  for (const event of STALE.slice(0, -1)) judge.push(event)
  expect({ ...judge.judged(), told }).toMatchObject({ soFar: 'not certain', doubt: 'no read succeeded', told: [] })
  judge.push(STALE.at(-1)!)
  for (const event of STALE) judge.push(event)
  expect(told).toEqual([expect.stringMatching(/^not linearizable: Process 1 read 1 for x, .* \(p:7\)$/)])
  expect(judge.judged()).toMatchObject({ soFar: 'not linearizable', violation: { key: 'x', position: 5 } })
})

test('the live judge states why it cannot judge a history', () => {
  const touched = createLiveJudge({ model: 'register', initial: null })
  for (const event of operation(0, 'write', 1)) touched.push(event)
  touched.push({ process: 'recorder', type: 'info', f: 'touched', key: 'x', value: { what: 'EVAL', why: 'unknown' } })
  expect(touched.judged()).toMatchObject({ soFar: 'not certain', doubt: expect.stringContaining('x') })
  const strange = createLiveJudge({ model: 'register', initial: null })
  for (const event of operation(0, 'juggle', 1)) strange.push(event)
  expect(strange.judged()).toMatchObject({ soFar: 'not certain', doubt: expect.stringContaining('juggle') })
})

test('a stopped live judge is uncertain, unless it found a violation before', () => {
  const stopped = createLiveJudge({ model: 'register', initial: null })
  stopped.stop('nobody knows the start')
  for (const event of STALE) stopped.push(event)
  expect(stopped.judged()).toMatchObject({ soFar: 'not certain', doubt: 'nobody knows the start' })
  const violated = createLiveJudge({ model: 'register', initial: null })
  for (const event of STALE) violated.push(event)
  violated.stop('nobody knows the start')
  expect(violated.judged().soFar).toBe('not linearizable')
})

test('the live judge is uncertain if an unwritten value suggests a mistake in the route table', () => {
  const judge = createLiveJudge({ model: 'register', initial: null, mapping: 'routes' })
  for (const value of [1, 2]) for (const event of operation(0, 'write', value)) judge.push(event)
  for (const event of operation(1, 'read', 7)) judge.push(event)
  expect(judge.judged()).toMatchObject({ soFar: 'not certain', doubt: expect.stringContaining('route table') })
})

test('the live judge calls a history "not certain" until a read or a dequeue has succeeded', () => {
  const observations = { register: 'read', counter: 'read', set: 'read', queue: 'dequeue' }
  const written = { register: 'write', counter: 'add', set: 'add', queue: 'enqueue' }
  for (const model of ['register', 'counter', 'set', 'queue'] as const) {
    const judge = createLiveJudge({ model, initial: model === 'counter' ? 0 : model === 'register' ? null : [] })
    expect(judge.judged().soFar, model).toBe('not certain')
    for (const event of operation(0, written[model], 1)) judge.push(event)
    judge.push({ process: 1, type: 'invoke', f: observations[model], key: 'x', value: null })
    judge.push({ process: 1, type: 'fail', f: observations[model], key: 'x', value: null })
    expect(judge.judged(), model).toMatchObject({
      soFar: 'not certain',
      doubt: expect.stringMatching(/^no .* succeeded/),
    })
    judge.push({ process: 1, type: 'invoke', f: observations[model], key: 'x', value: null })
    judge.push({ process: 1, type: 'ok', f: observations[model], key: 'x', value: model === 'set' ? [1] : 1 })
    expect(judge.judged(), model).toEqual({ level: 'linearizable', soFar: 'linearizable' })
  }
})

test('the live judge calls a register "not certain" until a key was both written and read', () => {
  const doubts = (vacuous?: () => readonly string[]) => {
    const judge = createLiveJudge({ model: 'register', initial: 1, vacuous })
    const steps = [operation(0, 'read', 1), operation(0, 'write', 2, 'y'), operation(1, 'write', 3)]
    return steps.map((events) => {
      for (const event of events) judge.push(event)
      return judge.judged().doubt
    })
  }
  expect(doubts()).toEqual([
    'no write succeeded',
    expect.stringMatching(/^no key was both written and read: y was written, and x was read/),
    undefined,
  ])
  expect(doubts(() => [])).toEqual([undefined, undefined, undefined])
})

test.each(['list-append', 'rw-register'])('the live judge of %s is certain after a transaction that reads', (model) => {
  const write = model === 'list-append' ? 'append' : 'w'
  const judge = createLiveJudge({ model, initial: null })
  const push = (...steps: Json[]) => {
    judge.push({ process: 0, type: 'invoke', f: 'txn', value: steps })
    judge.push({ process: 0, type: 'ok', f: 'txn', value: steps })
    return judge.judged()
  }
  expect(push([write, 'x', 1]).doubt).toMatch(/^no .*read.* succeeded/)
  expect(push(['r', 'x', model === 'list-append' ? [1] : 1])).toEqual({
    level: 'strict-serializable',
    soFar: 'strict-serializable',
  })
})

/** Additions to a counter, each followed by a correct read, and a final read of too low a value. */
const counted = (additions: number): EventInput[] => [
  ...Array.from({ length: additions }, (_, n) => [...operation(0, 'add', 1), ...operation(1, 'read', n + 1)]).flat(),
  ...operation(2, 'read', 0),
]

test('the live judge reports the file and line of a violation of a counter, and how late it noticed', () => {
  const judge = createLiveJudge({ model: 'counter', initial: 0 }, (position) => ({ path: 'p', line: position + 2 }))
  const told: string[] = []
  judge.onViolation((violation) => told.push(violationText(violation)))
  for (const event of [...counted(200), ...operation(0, 'add', 1)]) judge.push(event)
  expect([told, judge.judged().soFar]).toEqual([[], 'linearizable'])
  expect(judge.judged().unjudged).toBeGreaterThan(0)
  judge.settle()
  expect(told).toEqual([
    expect.stringMatching(/^not linearizable: .* process 2 read 0 on x, .* \(p:803, noticed 2 events later\)$/),
  ])
  expect(judge.judged()).toMatchObject({ soFar: 'not linearizable', violation: { position: 801, noticedAfter: 2 } })
})

test('the live judge checks a short counter history whenever a verdict is requested', () => {
  const judge = createLiveJudge({ model: 'counter', initial: 0 })
  for (const event of counted(2)) judge.push(event)
  expect(judge.judged()).toMatchObject({ soFar: 'not linearizable', violation: { position: 9 } })
})

test('the live judge checks a register, but not a counter, if `isFollowed` is false', () => {
  const [register, counter] = (['register', 'counter'] as const).map((model) =>
    createLiveJudge({ model, initial: null, isFollowed: false }),
  )
  for (const event of STALE) register?.push(event)
  for (const event of counted(2)) counter?.push(event)
  expect(register?.judged().soFar).toBe('not linearizable')
  expect(counter?.judged()).toMatchObject({
    soFar: 'not certain',
    doubt: expect.stringContaining('no option needs a verdict'),
  })
})

test('the live judge checks transactions at strict-serializable, and watches at the strongest level of their model', () => {
  const transactions = createLiveJudge({ model: 'rw-register', initial: null })
  for (const value of [[['w', 'x', 1]], [['r', 'x', 1]], [['r', 'x', null]]])
    for (const type of ['invoke', 'ok'] as const) transactions.push({ process: 0, type, f: 'txn', value })
  expect(transactions.judged()).toMatchObject({ level: 'strict-serializable', soFar: 'not strict-serializable' })
  const watch = createLiveJudge({ model: 'watch', initial: null })
  const done = (process: number, f: string, asked: Json, told: Json) => {
    watch.push({ process, type: 'invoke', f, value: asked })
    watch.push({ process, type: 'ok', f, value: told })
  }
  done(0, 'txn', { x: 1 }, 2)
  done(1, 'watch', { watch: 1, from: 2 }, { revision: 1 })
  const sent = { events: [{ revision: 2, key: 'x', value: 1 }] }
  done(1, 'watched', { watch: 1 }, [sent])
  expect(watch.judged()).toMatchObject({ level: 'faithful', soFar: 'not certain' })
  done(1, 'watched', { watch: 1 }, [sent])
  expect(watch.judged()).toMatchObject({ soFar: 'not faithful', violation: { level: 'faithful' } })
})

test('the live judge calls a register "not certain" while all its writes wrote one value', () => {
  const judge = createLiveJudge({ model: 'register', initial: null })
  for (const f of ['write', 'write', 'read']) for (const event of operation(0, f, 1)) judge.push(event)
  expect(judge.judged()).toMatchObject({ soFar: 'not certain', doubt: expect.stringContaining('wrote the same value') })
  for (const event of operation(0, 'write', 2)) judge.push(event)
  expect(judge.judged().soFar).toBe('linearizable')
})

test('the live judge doubts a violation once most reads return what nobody wrote', () => {
  const judge = createLiveJudge({ model: 'register', initial: null, mapping: 'routes' })
  for (const event of STALE) judge.push(event)
  const strange = [7, 8, 9, 10].map((value) => operation(1, 'read', value))
  const told = strange.map((events) => {
    for (const event of events) judge.push(event)
    return judge.judged().soFar
  })
  expect(told).toEqual(['not linearizable', 'not linearizable', 'not linearizable', 'not certain'])
  expect(judge.judged().doubt).toMatch(/^4 of 5 reads returned what nobody wrote/)
})

test('the live judge is "not certain" that a bank opened with nothing, and reports no violation', () => {
  const judge = createLiveJudge({ model: 'bank', initial: null })
  const told: string[] = []
  judge.onViolation(({ sentence }) => told.push(sentence))
  judge.push({ process: 0, type: 'invoke', f: 'read', value: null })
  judge.push({ process: 0, type: 'ok', f: 'read', value: { a: 3, b: 0 } })
  expect(judge.judged().soFar).toBe('not certain')
  expect(told).toEqual([])
})

test('the live judge holds the newest part of a long record, and keeps its verdict', () => {
  const judge = createLiveJudge({ model: 'register', initial: null })
  for (let value = 1; value <= 60_000; value++) for (const event of operation(0, 'write', value)) judge.push(event)
  expect(judge.judged()).toMatchObject({ soFar: 'not certain', doubt: 'no read succeeded' })
  for (const event of operation(1, 'read', 60_000)) judge.push(event)
  for (let value = 60_001; value <= 110_000; value++)
    for (const event of operation(0, 'write', value)) judge.push(event)
  judge.settle()
  expect(judge.judged().soFar).toBe('linearizable')
  for (const event of operation(1, 'read', 1)) judge.push(event)
  expect(judge.judged().soFar).toBe('not linearizable')
})
