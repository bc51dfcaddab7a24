import { createOnlineChecker, type OnlineChecker, type SoFar } from '@chaosproxy/checker'
import type { EventInput, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import type { OnlineViolation } from '../../src/online/checker.ts'
import { isLinearizable } from '../brute-force.ts'
import { checkHistory, resultOf, timeline } from '../checking.ts'
import { atLeast, atMost, many, manyOf } from '../many.ts'

const reading = { initial: null, failedCas: 'drop' } as const
const baseSeed = inject('seed')
/** The number of histories to test. The long soak tests at least a million. */
const MILLION = many(1_000_000)
const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const

const online = (): OnlineChecker => createOnlineChecker({ model: 'register', ...reading })

interface Watched {
  readonly violation: OnlineViolation | undefined
  readonly soFar: SoFar
  /** Whether the checker may have missed a violation, because it stopped judging a key. */
  readonly gaveUp: boolean
}

function watch(events: readonly EventInput[]): Watched {
  const checker = online()
  let gaveUp = false
  for (const event of events) {
    if (checker.push(event) !== undefined) break
    gaveUp = checker.soFar() === 'not certain'
  }
  return { violation: checker.violation(), soFar: checker.soFar(), gaveUp }
}

const listed = (events: readonly EventInput[]): string => events.map((event) => JSON.stringify(event)).join('\n')

/**
 * Describes a mistake of the checker. It finds no violation although the definition is violated, or it reports the
 * violation at another event than the first one that violates the definition.
 */
function faultOf(events: readonly EventInput[], judge: (events: readonly EventInput[]) => boolean): string | undefined {
  const { violation, gaveUp } = watch(events)
  if (violation === undefined) {
    if (gaveUp || judge(events)) return undefined
    return `it found nothing\n${listed(events)}`
  }
  if (judge(events.slice(0, violation.position + 1))) return `wrong: ${violation.sentence}\n${listed(events)}`
  if (!gaveUp && !judge(events.slice(0, violation.position))) return `late: ${violation.sentence}\n${listed(events)}`
  return undefined
}

function shapeFrom(random: () => number, over: Partial<Shape>): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(3),
    operations: 3 + below(5),
    keys: 1 + below(2),
    values: 0,
    cas: random() < 0.4,
    store: stores[below(stores.length)]!,
    unknown: random() < 0.5 ? 0.25 : 0,
    failed: random() < 0.5 ? 0.2 : 0,
    mutated: random() < 0.6 ? 0.35 : 0,
    ...over,
  }
}

test(`the online checker reports a violation at the event at which the definition refutes the history, in ${manyOf(6_000)} small random histories`, () => {
  const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
  for (let n = 0; n < many(6_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const events = randomEvents(shapeFrom(random, {}), random)
    const fault = faultOf(events, (some) => isLinearizable(smallHistory(some), reading))
    if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
    count[watch(events).soFar as keyof typeof count]++
  }
  expect(count.linearizable).toBeGreaterThan(atLeast(1_200))
  expect(count['not linearizable']).toBeGreaterThan(atLeast(500))
  expect(count['not certain']).toBeLessThan(atMost(1_000))
})

test(`the online checker reports no false violation in ${manyOf(6_000)} small random histories with repeated values`, () => {
  const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
  for (let n = 0; n < many(6_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const values = 2 + Math.floor(random() * 5)
    const events = randomEvents(shapeFrom(random, { values }), random)
    const fault = faultOf(events, (some) => isLinearizable(smallHistory(some), reading))
    if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
    count[watch(events).soFar as keyof typeof count]++
  }
  expect(count['not linearizable']).toBeGreaterThan(atLeast(200))
  expect(count['not certain']).toBeGreaterThan(atLeast(200))
})

test(`the online checker and check find violations at the same event in ${manyOf(500)} histories of 20 to 220 operations`, () => {
  const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
  for (let n = 0; n < many(500); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const over = {
      processes: 2 + Math.floor(random() * 5),
      operations: 20 + Math.floor(random() * 200),
      unknown: random() < 0.5 ? 0.05 : 0,
      mutated: random() < 0.3 ? 0.02 : 0,
      values: random() < 0.6 ? 0 : 2 + Math.floor(random() * 40),
    }
    const events = randomEvents(shapeFrom(random, over), random)
    const judge = (some: readonly EventInput[]): boolean => {
      const report = checkHistory(smallHistory(some), { levels: ['linearizable'] })
      return resultOf(report, 'linearizable') !== 'violated'
    }
    const fault = faultOf(events, judge)
    if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}`)
    count[watch(events).soFar as keyof typeof count]++
  }
  expect(count.linearizable).toBeGreaterThan(atLeast(60))
  expect(count['not linearizable']).toBeGreaterThan(atLeast(60))
})

test(`the memory of the online checker does not grow over ${MILLION} operations`, () => {
  const checker = online()
  const random = randomFrom(baseSeed)
  const clients = Array.from({ length: 10 }, (_, process) => ({
    process,
    key: '',
    open: undefined as Pending | undefined,
  }))
  const keys = ['x', 'y', 'z']
  const store = new Map<string, Json>(keys.map((key) => [key, null]))
  let written = 0
  let most = 0
  let early = 0
  let retired = clients.length
  let infos = 0
  const operations = MILLION
  for (let called = 0; called < operations; ) {
    const client = clients[Math.floor(random() * clients.length)]!
    if (client.open === undefined) {
      called++
      const f = random() < 0.5 ? 'read' : random() < 0.3 ? 'cas' : 'write'
      const key = keys[called % 3]!
      const value: Json = f === 'read' ? null : f === 'cas' ? [store.get(key)!, ++written] : ++written
      client.open = { f, key, value }
      checker.push({ process: client.process, type: 'invoke', f, key, value })
      continue
    }
    // The operation takes effect at its return. Any moment between its call and its return would be correct.
    const { f, key, value } = client.open
    client.open = undefined
    const common = { process: client.process, f, key }
    if (f === 'write' && random() < 0.001) {
      infos++
      checker.push({ ...common, type: 'info', value })
      client.process = retired++
      continue
    }
    if (f === 'read') checker.push({ ...common, type: 'ok', value: store.get(key)! })
    else if (f === 'write') {
      store.set(key, value)
      checker.push({ ...common, type: 'ok', value })
    } else {
      const [from, to] = value as [Json, Json]
      const holds = store.get(key) === from
      if (holds) store.set(key, to)
      checker.push({ ...common, type: holds ? 'ok' : 'fail', value })
    }
    if (called % 1_000 === 0) {
      const retained = checker.retained() - infos
      if (called <= operations / 10) early = Math.max(early, retained)
      most = Math.max(most, retained)
    }
  }
  expect(checker.soFar()).toBe('linearizable')
  expect(most).toBeLessThan(400)
  expect(most).toBeLessThan(early * 2)
})

interface Pending {
  readonly f: string
  readonly key: string
  readonly value: Json
}

const sentenceOf = (...rows: readonly string[]): string | undefined => watch(timeline(...rows)).violation?.sentence

test('the online checker reports a read of an overwritten value as a violation after it forgot the value', () => {
  expect(sentenceOf('w1-| w2-| w3-|', '              r3| r1|')).toBe(
    'Process 1 read 1, but that value had been overwritten for certain, or was never written.',
  )
  expect(sentenceOf('w1-| w2-| w3-|', '            r2-|')).toBeUndefined()
})

test('the online checker reports a violation if a write fails after its value was read', () => {
  const events = timeline('w1-------x', '   r1|')
  expect(watch(events).violation).toMatchObject({
    position: events.length - 1,
    sentence: "Process 0's write of 1 certainly failed, but the value had been read.",
  })
  expect(watch(timeline('w1-------x', '   r|')).violation).toBeUndefined()
})

test('the online checker reports a violation if two cas replace the same value', () => {
  expect(sentenceOf('w1| c12----|', '    c13----|')).toBe(
    'Process 1 changed 1 to 3, but another compare-and-set had already replaced the same value.',
  )
  expect(sentenceOf('w1| c12----|', '    c23----|')).toBeUndefined()
})

test('a cas overwrites earlier values even if it was called before the write of the value that it replaces', () => {
  const others = ['   c12------', '     w1------', '  r2-----|']
  expect(sentenceOf(' w9-|     r9|', ...others)).toBe('Process 0 read 9, but that value had been overwritten by then.')
  expect(sentenceOf(' w9-|  r9--|', ...others)).toBeUndefined()
})

test('the value of a write of unknown outcome may appear late but may not disappear again', () => {
  expect(sentenceOf('w1--?', '       w2-| r2| r1-| r1|')).toBeUndefined()
  expect(sentenceOf('w1--?', '       w2-| r1| r2-|')).toContain('read 2')
})

test('the online checker is uncertain while a read may return the first or the second write of one value', () => {
  const soFar = (...rows: readonly string[]): SoFar => watch(timeline(...rows)).soFar
  expect(soFar('w1--| w1--|', '            r1|')).toBe('linearizable')
  expect(soFar('w1--|  ', '  w1--|', '  r1-----|')).toBe('not certain')
  expect(soFar('w1--| w2--|', '   w1--|', '             r2| r1|')).toBe('not linearizable')
})

test('the online checker stops judging a key if a request is repeated with the same id', () => {
  const checker = online()
  const write = (process: number, value: number, extra: EventInput['extra']): void => {
    checker.push({ process, type: 'invoke', f: 'write', value, extra })
    checker.push({ process, type: 'ok', f: 'write', value })
  }
  write(0, 1, { requestId: 'a' })
  write(0, 2, { requestId: 'b' })
  write(0, 1, { requestId: 'a', attempt: 2 })
  checker.push({ process: 0, type: 'invoke', f: 'read' })
  expect(checker.push({ process: 0, type: 'ok', f: 'read', value: 2 })).toBeUndefined()
  expect(checker.soFar()).toBe('not certain')
})

test('the online checker stops judging a key that exceeds its memory limit', () => {
  const checker = createOnlineChecker({ model: 'register', ...reading, retainAtMost: 3 })
  for (const event of timeline('wx1| wx2| wx3| wx4|', 'rx-------------------|')) checker.push(event)
  expect([checker.soFar(), checker.doubt()]).toEqual(['not certain', 'x: it would take more than 3 entries in memory'])
  expect(checker.retained()).toBeLessThan(3)
})

test.each(['touched', 'not-understood'])(
  'the online checker stops judging a key once the recorder marks it as %s',
  (f) => {
    const checker = online()
    checker.push({ process: 'recorder', type: 'info', f, key: 'x', value: { what: 'GET x', why: 'a script' } })
    const events = timeline('wx1| wx2| rx1|', 'wy1| ry1|')
    for (const event of events) expect(checker.push(event)).toBeUndefined()
    expect(checker.doubt()).toBe('x: an unrecorded request may have changed the key, or an answer was not understood')
    expect(online().doubt()).toBeUndefined()
  },
)

test('the online checker is not certain once a history has more keys than its limit', () => {
  const checker = createOnlineChecker({ model: 'register', ...reading, keysAtMost: 2 })
  for (const event of timeline('wx1| wy1|')) checker.push(event)
  expect(checker.soFar()).toBe('linearizable')
  for (const event of timeline('wz1|', 'rz2|')) expect(checker.push(event)).toBeUndefined()
  expect([checker.soFar(), checker.doubt()]).toEqual(['not certain', 'there are more than 2 keys'])
})

test('the online checker stops judging the largest key when memory runs out, and continues with the other keys', () => {
  const checker = createOnlineChecker({ model: 'register', ...reading, retainInAllAtMost: 12 })
  const x = ['wx1| wx2| wx3| wx4| wx5| wx6| wx7| wx8|', 'rx-----------------------------------|']
  for (const event of timeline('wy1|', ...x)) checker.push(event)
  expect([checker.soFar(), checker.doubt()]).toEqual([
    'not certain',
    'x: all keys together would take more than 12 entries in memory',
  ])
  expect(checker.retained()).toBeLessThan(12)
  for (const event of timeline('wy2|')) checker.push(event)
  for (const event of timeline('ry1|')) checker.push(event)
  expect(checker.violation()).toMatchObject({ key: 'y' })
})

test('the online checker keeps the first read of an unknown initial value, and forgets later reads of that value', () => {
  const checker = createOnlineChecker({ model: 'register', initial: 'unknown', failedCas: 'drop' })
  for (const event of timeline('rx7| '.repeat(200))) checker.push(event)
  expect([checker.soFar(), checker.retained() < 5]).toEqual(['linearizable', true])
})

test('the online checker is uncertain if a read during a write may have returned an unknown initial value', () => {
  const checker = createOnlineChecker({ model: 'register', initial: 'unknown', failedCas: 'drop' })
  for (const event of timeline('wx1---------|', '    rx1|')) checker.push(event)
  expect(checker.doubt()).toBeUndefined()
  const ambiguous = createOnlineChecker({ model: 'register', initial: 'unknown', failedCas: 'drop' })
  const events = timeline('wx1------------------|', '    rx1|      ', '          rx7|')
  const soFar = events.map((event) => {
    ambiguous.push(event)
    return ambiguous.soFar()
  })
  expect(soFar).toContain('not certain')
})

const byRoutes = (initial: Json, ...rows: readonly string[]): OnlineChecker => {
  const checker = createOnlineChecker({ model: 'register', initial, failedCas: 'drop', byRoutes: true })
  for (const event of timeline(...rows)) checker.push(event)
  return checker
}
const MISREAD = 'x: no read returned a written value, so the route table may read from another place than it writes to'

test.each([null, 'unknown'])(
  'the online checker stops judging a key if its route table reads and writes different fields (initial value: %s)',
  (initial) => {
    expect(byRoutes(initial, 'wx1| rx7| wx2| rx7| wx3| rx7|').doubt()).toBe(MISREAD)
    expect(byRoutes(initial, 'rx7| wx1| rx7|').doubt()).toBe(MISREAD)
  },
)

test('the online checker reports unwritten values once a read has returned a written value', () => {
  expect(byRoutes(null, 'wx1| rx1| wx2| rx7|').soFar()).toBe('not linearizable')
  expect(byRoutes('unknown', 'wx1| rx1| wx2| rx1|').soFar()).toBe('not linearizable')
})

test('the online checker stops judging a key if a read returns another type of value than every write', () => {
  const after = (read: Json): OnlineChecker => {
    const checker = byRoutes(null, 'wx1| rx1| wx2| rx2|')
    checker.push({ process: 0, type: 'invoke', f: 'read', key: 'x' })
    checker.push({ process: 0, type: 'ok', f: 'read', key: 'x', value: read })
    return checker
  }
  expect(after('Service Unavailable').doubt()).toMatch(/^x: a read returned a type of value that was never written/)
  expect(after({ value: 2 }).violation()).toBeUndefined()
  expect(after(7).soFar()).toBe('not linearizable')
  expect(after(null).soFar()).toBe('not linearizable')
  expect(after(2).soFar()).toBe('linearizable')
})

test('the online checker stops judging a key if a read returns a written number in another form', () => {
  const after = (read: Json, prices: readonly Json[] = ['1.50', '2.50']): OnlineChecker => {
    const checker = createOnlineChecker({ model: 'register', ...reading, byRoutes: true })
    const push = (f: string, value: Json) => {
      checker.push({ process: 0, type: 'invoke', f, key: 'x', value: f === 'read' ? null : value })
      checker.push({ process: 0, type: 'ok', f, key: 'x', value })
    }
    for (const price of prices) for (const f of ['write', 'read']) push(f, price)
    push('read', read)
    return checker
  }
  expect(after('2.5').doubt()).toMatch(/^x: a read returned a written number in another form/)
  expect(after(2.5, [1.5, '2.50']).doubt()).toMatch(/^x: a read returned a written number in another form/)
  expect(after('1.50', ['2.50', 1.5]).doubt()).toMatch(/^x: a read returned a written number in another form/)
  expect(after('2.50').soFar()).toBe('linearizable')
  for (const read of ['1.50', '7', 'gone']) expect(after(read).soFar(), read).toBe('not linearizable')
})

test('the online checker of queues calls nothing certain if a route table reads mostly foreign messages', () => {
  const after = (byRoutes: boolean, ...taken: readonly Json[]): OnlineChecker => {
    const checker = createOnlineChecker({ model: 'queue', initial: [], byRoutes })
    for (const [f, value] of [1, 2, 3].map((each): [string, Json] => ['enqueue', each])) {
      checker.push({ process: 0, type: 'invoke', f, value })
      checker.push({ process: 0, type: 'ok', f, value })
    }
    for (const value of taken) {
      checker.push({ process: 1, type: 'invoke', f: 'dequeue', value: null })
      checker.push({ process: 1, type: 'ok', f: 'dequeue', value })
    }
    checker.settle()
    return checker
  }
  expect(after(true, 'id-1', 'id-2').doubt()).toMatch(/^2 of 2 messages that were seen, such as "id-1", were added by/)
  expect(after(false, 'id-1', 'id-2').soFar()).toBe('not linearizable')
  expect(after(true, 1, 2, 'id-3').soFar()).toBe('not linearizable')
})

test('the online checker reports a stale value as a violation even with a route table', () => {
  expect(byRoutes(null, 'wx1| wx2| rx1|').soFar()).toBe('not linearizable')
})

test('the online checker with a route table reports a missing value only after a read has found a value', () => {
  expect(byRoutes(null, 'wx1| rx|').doubt()).toBe(MISREAD)
  expect(byRoutes(null, 'wy1| ry1| wx1| rx|').soFar()).toBe('not linearizable')
  expect(byRoutes(null, 'wx1| rx1| wx2| rx|').soFar()).toBe('not linearizable')
})

/** The events of a cas that names only its new value. */
const getset = (process: number, to: Json, answer: Json): readonly EventInput[] => [
  { process, type: 'invoke', f: 'cas', value: [to] },
  { process, type: 'ok', f: 'cas', value: [answer, to] },
]

test('the online checker takes the old value of a cas from its answer if the request names only the new value', () => {
  const watched = watch([...timeline('w1|'), ...getset(1, '2', '1'), ...getset(1, null, '2'), ...timeline('r_|')])
  expect(watched).toMatchObject({ violation: undefined, soFar: 'not certain' })
})

test('a cas of unknown outcome that names only its new value causes no violation', () => {
  const [invoke] = getset(1, 2, 1)
  const end = { process: 1, type: 'info', f: 'cas', value: [2] } as const
  expect(watch([invoke!, end, ...timeline('r2|')]).soFar).toBe('linearizable')
})

test('a read of a value after a cas replaced it is a violation, even if the request of the cas lacks the old value', () => {
  const { violation } = watch([...timeline('w1|'), ...getset(1, 2, 1), ...timeline('r1|')])
  expect(violation).toMatchObject({ position: 5 })
  expect(watch([...timeline('w1|'), ...getset(1, 2, 1), ...timeline('r2|')]).violation).toBeUndefined()
})

test('the online checker refuses a cas that names three values', () => {
  expect(() => online().push({ process: 1, type: 'invoke', f: 'cas', value: [1, 2, 3] })).toThrow(
    "event 0: the value of process 1's cas is [1,2,3]. It must be [old, new], or [new] if the completion returns the old value.",
  )
})

test('the online checker skips events of the nemesis, and refuses unknown operations', () => {
  const checker = online()
  expect(checker.push({ process: 'nemesis', type: 'info', f: 'kill' })).toBeUndefined()
  expect(() => checker.push({ process: 1, type: 'invoke', f: 'enqueue', value: 1 })).toThrow(
    'event 1: the register model does not know the operation "enqueue"',
  )
  expect(() => checker.push({ process: 1, type: 'ok', f: 'read', value: 1 })).toThrow('without having invoked it')
})

test('the online checker stops judging a key if a write is answered with a text other than "OK" or its value', () => {
  const answered = (value: Json): OnlineChecker => {
    const checker = online()
    checker.push({ process: 0, type: 'invoke', f: 'write', value: 'a' })
    checker.push({ process: 0, type: 'ok', f: 'write', value })
    checker.push({ process: 1, type: 'invoke', f: 'read', value: null })
    checker.push({ process: 1, type: 'ok', f: 'read', value: 'b' })
    return checker
  }
  expect(answered('b').soFar()).toBe('not certain')
  for (const reply of ['a', 'OK', 7, null]) expect(answered(reply).soFar(), `${reply}`).toBe('not linearizable')
})
