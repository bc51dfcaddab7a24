import { createOnlineChecker, entryOf, levelsOf, type Model, models, type SoFar } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json, type Millis, millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { check } from '../../src/check/check.ts'
import type { OnlineOptions, OnlineViolation } from '../../src/online/checker.ts'
import { isKeyedLinearizable } from '../brute-endings.ts'
import { isObjectLinearizable } from '../brute-objects.ts'
import { checkHistory, resultOf } from '../checking.ts'
import { atLeast, many, manyOf } from '../many.ts'
import { endedModels, randomEnded } from '../random-endings.ts'
import { kinds, type RequestedOperation, randomObjectEvents } from '../random-objects.ts'
import * as streams from '../random-streams.ts'
import { caseOf, drawing, linesOf } from '../random-watches.ts'
import { eventsOf as eventsOfTransactions } from '../transactions/brute-force.ts'
import { randomShape, randomTransactions } from '../transactions/random-transactions.ts'
import * as workQueues from '../work-queue-orders.ts'

// Tests the online verdicts of every model except registers. Compares some with the definition, which tries every
// order, and the others with `check`, which other tests compare with the definition. The seed changes with each run; a
// failure reports it.

const baseSeed = inject('seed')
const HISTORIES = 400
const consistencyModels = models
  .filter(({ name, levels }) => levels.includes('linearizable') && name !== 'register')
  .map(({ name }) => name)

interface Watched {
  readonly violation: OnlineViolation | undefined
  /** The checker's result after each event, taken when the checker has judged all events up to this one. */
  readonly soFar: readonly SoFar[]
  readonly doubt: string | undefined
}

function watch(model: string, initial: Json, events: readonly EventInput[]): Watched {
  const checker = createOnlineChecker({ model, initial })
  const soFar = events.map((event) => {
    checker.push(event)
    checker.settle()
    return checker.soFar()
  })
  return { violation: checker.violation(), soFar, doubt: checker.doubt() }
}

type Judged = 'met' | 'violated' | 'unknown'

/** Returns the reason why the checker's result for some prefix is wrong, according to a judge of whole histories. */
function faultOf({ violation, soFar }: Watched, judge: (upTo: number) => Judged): string | undefined {
  const certain = soFar.lastIndexOf('linearizable')
  if (certain >= 0 && judge(certain + 1) === 'violated')
    return `called linearizable after event ${certain}, which it is not`
  if (violation === undefined) return undefined
  const { position, sentence } = violation
  if (judge(position + 1) === 'met') return `called not linearizable after event ${position}, which it is: ${sentence}`
  if (judge(position) === 'violated')
    return `placed at event ${position}, and before it nothing explains it: ${sentence}`
  return undefined
}

/** Returns the verdict of `check` on the first events. */
const checked =
  (model: string, events: readonly EventInput[], initial: Json) =>
  (upTo: number): Judged => {
    const history = smallHistory(events.slice(0, upTo))
    const options = { model, initial, levels: ['linearizable'], deadlineMs: millis(1_000) } as const
    return resultOf(checkHistory(history, options), 'linearizable')
  }

const listed = (events: readonly EventInput[]): string => events.map((event) => JSON.stringify(event)).join('\n')

/** The initial value of the objects of `kinds`. */
const startOf = (model: string): Json => (model === 'bank' ? { a: 3, b: 0 } : null)

/**
 * Returns a small history of a model, and a function that decides by the definition whether a prefix is linearizable.
 */
function smallOf(model: string, random: () => number) {
  if (endedModels.includes(model)) {
    const { initial, events } = randomEnded(model, random)
    const isMet = (some: readonly EventInput[]) => isKeyedLinearizable(model, smallHistory(some), initial)
    return { initial, events, isMet }
  }
  const shape = { processes: 2 + Math.floor(random() * 2), operations: 2 + Math.floor(random() * 5) }
  const unlucky = { unknown: random() < 0.5 ? 0.2 : 0, failed: random() < 0.3 ? 0.2 : 0, mutated: 0.15 }
  const events = randomObjectEvents(kinds[model]!(random), { ...shape, ...unlucky }, random)
  return {
    initial: startOf(model),
    events,
    isMet: (some: readonly EventInput[]) => isObjectLinearizable(model, smallHistory(some)),
  }
}

test.each(consistencyModels)(
  `the online checker of a %s agrees with the definition on each prefix of ${manyOf(HISTORIES)} random histories`,
  (model) => {
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const { initial, events, isMet } = smallOf(model, randomFrom(seed))
      const { soFar, violation } = watch(model, initial, events)
      const first = events.findIndex((_, at) => !isMet(events.slice(0, at + 1)))
      const right = events.map((_, at) => (first >= 0 && at >= first ? 'not linearizable' : 'linearizable'))
      const differing = soFar.findIndex((each, at) => each !== right[at] && each !== 'not certain')
      if (differing >= 0 || (violation !== undefined && violation.position !== first))
        expect.fail(
          `seed ${seed}, initial ${JSON.stringify(initial)}: event ${differing} is ${soFar[differing]}, ${violation?.sentence}\n${listed(events)}`,
        )
      count[soFar.at(-1) as keyof typeof count]++
    }
    for (const kind of ['linearizable', 'not linearizable'] as const)
      expect(count[kind], JSON.stringify(count)).toBeGreaterThan(atLeast(HISTORIES / 20))
    expect(count['not certain'], JSON.stringify(count)).toBeLessThan(many(HISTORIES) / 20)
  },
)

test.each(consistencyModels)(
  `the online checker of a %s does not contradict check on ${manyOf(200)} random histories with unknown initial values`,
  (model) => {
    let linearizable = 0
    for (let n = 0; n < many(200); n++) {
      const seed = baseSeed + n
      const { events } = smallOf(model, randomFrom(seed))
      const watched = watch(model, 'unknown', events)
      const fault = faultOf(watched, checked(model, events, 'unknown'))
      if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}\n${listed(events)}`)
      if (watched.soFar.at(-1) === 'linearizable') linearizable++
    }
    expect(linearizable).toBeGreaterThan(0)
  },
)

test.each(consistencyModels)(
  `the final verdicts of the online checker of a %s and of check agree on ${manyOf(200)} longer histories`,
  (model) => {
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (let n = 0; n < many(200); n++) {
      const seed = baseSeed + n
      const random = randomFrom(seed)
      const shape = {
        processes: 2 + Math.floor(random() * 4),
        operations: 20 + Math.floor(random() * 60),
        unknown: random() < 0.5 ? 0.04 : 0,
        failed: random() < 0.3 ? 0.1 : 0,
        mutated: random() < 0.5 ? 0.03 : 0,
      }
      const events = randomObjectEvents(kinds[model]!(random, random() < 0.7), shape, random)
      const checker = createOnlineChecker({ model, initial: startOf(model) })
      for (const event of events) checker.push(event)
      checker.settle()
      const [violation, soFar] = [checker.violation(), checker.soFar()]
      const fault = faultOf(
        { violation, soFar: [...events.slice(1).map(() => ''), soFar], doubt: undefined },
        checked(model, events, startOf(model)),
      )
      if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}\n${listed(events)}`)
      count[soFar as keyof typeof count]++
    }
    expect(count.linearizable, JSON.stringify(count)).toBeGreaterThan(0)
  },
)

/** Small histories of the models that have levels of their own. */
const others: { readonly [model: string]: (seed: number) => readonly EventInput[] } = {
  'list-append': (seed) => transactionsOf('list', seed),
  'rw-register': (seed) => transactionsOf('register', seed),
  stream: (seed) => streams.eventsOf(streams.drawn(seed)),
  watch: (seed) => fc.sample(drawing, { numRuns: 1, seed }).flatMap((drawn) => linesOf(caseOf(drawn)).flat()),
  'work-queue': (seed) =>
    workQueues.eventsOf(workQueues.drawn(seed, { operations: 9, clients: 3, lies: 4, values: 3 }).operations),
}

function transactionsOf(kind: 'list' | 'register', seed: number): readonly EventInput[] {
  const random = randomFrom(seed)
  return eventsOfTransactions(randomTransactions(randomShape(kind, random, 4), random), kind)
}

test('the tests of the online checker cover every model', () => {
  expect([...new Set(['register', ...consistencyModels, ...Object.keys(others)])].sort()).toEqual(
    models.map(({ name }) => name).sort(),
  )
})

test.each(Object.keys(others))(
  `the online checker of a %s agrees with check on each prefix of ${manyOf(HISTORIES)} histories, and takes no violation back`,
  (model) => {
    let violated = 0
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const events = others[model]!(seed)
      const lasting = lastingOf(model, events.slice(0, 1))
      const { soFar, violation } = watch(model, null, events)
      const fault = events.findIndex((_, at) => {
        const verdicts = verdictsOf(model, events.slice(0, at + 1))
        const isBroken =
          (verdicts !== undefined && lasting.some((level) => verdicts[level] === 'violated')) ||
          (soFar[at - 1]?.startsWith('not ') === true && soFar[at - 1] !== 'not certain')
        const [level = ''] = levelsOf(model, historyFromEvents(events.slice(0, at + 1)))
        const right = isBroken ? `not ${level}` : verdicts?.[level] === 'met' ? level : 'not certain'
        return soFar[at] !== right
      })
      if (fault >= 0) expect.fail(`seed ${seed}: event ${fault} is ${soFar[fault]}\n${listed(events)}`)
      if (violation === undefined) continue
      violated++
      const inTheEnd = verdictsOf(model, events)
      if (!lasting.some((level) => inTheEnd?.[level] === 'violated'))
        expect.fail(`seed ${seed}: ${violation.sentence}\nwas mended\n${listed(events)}`)
    }
    expect(violated).toBeGreaterThan(atLeast(HISTORIES / 30))
  },
)

const lastingOf = (model: string, events: readonly EventInput[]): readonly string[] => {
  const { judge, ofTransactions } = entryOf(model)
  return (events[0]?.f === 'txn' ? (ofTransactions?.judge ?? judge) : judge).ladder.lasting
}

/** Returns the verdict on each level. Undefined if no history can begin with these events. */
function verdictsOf(model: string, events: readonly EventInput[]): { readonly [level: string]: Judged } | undefined {
  const history = historyFromEvents(events)
  const limits = { deadlineMs: millis(10_000), memoryBytes: 1e9, now: () => millis(0) }
  try {
    const { levels } = check(history, { model, initial: null, levels: levelsOf(model, history), ...limits })
    return Object.fromEntries(Object.entries(levels).map(([level, { result }]) => [level, result]))
  } catch {
    return undefined
  }
}

type Line = readonly [process: number, type: EventInput['type'], f: string, value: Json]

const eventsOf = (lines: readonly Line[], key?: string): EventInput[] =>
  lines.map(([process, type, f, value]) => ({ process, type, f, value, ...(key === undefined ? {} : { key }) }))

/** Operations of one process, one after another. */
const inTurn = (process: number, operations: readonly (readonly [f: string, value: Json, result: Json])[]): Line[] =>
  operations.flatMap(([f, value, result]): Line[] => [
    [process, 'invoke', f, value],
    [process, 'ok', f, result],
  ])

/** Additions to a counter, each followed by a read of it. */
const counted = (additions: number, from = 0): Line[] =>
  Array.from({ length: additions }, (_, n) =>
    inTurn(0, [
      ['add', 1, 1],
      ['read', null, from + n + 1],
    ]),
  ).flat()

const counter = (options: Partial<OnlineOptions> = {}) =>
  createOnlineChecker({ model: 'counter', initial: null, ...options })

test('the online checker names the event that makes a violation certain, and the number of events until the report', () => {
  const checker = counter()
  const events = eventsOf([...counted(100), ...inTurn(1, [['read', null, 7]]), ...counted(100, 100)])
  const noticedAt = events.findIndex((event) => checker.push(event) !== undefined)
  expect(checker.violation()).toMatchObject({ position: 401, process: 1, noticedAfter: noticedAt - 401 })
  expect(noticedAt - 401).toBeGreaterThan(0)
  // The checker judges again when at least 64 events are new, and these are at least a tenth of the events judged
  // before.
  expect(noticedAt - 401).toBeLessThanOrEqual(64 + 40)
})

test('the online checker judges many small objects, and reports a violation by one of them within 64 events', () => {
  const checker = counter()
  const rounds = Array.from({ length: 60 }, (_, key) =>
    eventsOf(
      inTurn(0, [
        ['add', 1, 1],
        ['read', null, key === 10 ? 5 : 1],
      ]),
      `k${key}`,
    ),
  )
  for (const event of rounds.flat()) checker.push(event)
  expect(checker.violation()).toMatchObject({ key: 'k10', position: 43 })
  expect(checker.violation()?.noticedAfter).toBeLessThan(64)
})

test('the online checker counts unjudged events and is not certain before its first judgement', () => {
  const checker = counter()
  for (const event of eventsOf(counted(2))) checker.push(event)
  expect([checker.soFar(), checker.doubt(), checker.unjudged()]).toEqual(['not certain', 'nothing was judged yet', 8])
  expect(checker.settle()).toBeUndefined()
  expect([checker.soFar(), checker.doubt(), checker.unjudged()]).toEqual(['linearizable', undefined, 0])
})

test('on 1,000 operations, the online checker does less than 13 times the work of a single check', () => {
  let applied = 0
  const model: Model<number> = {
    name: 'numbers',
    initial: 0,
    key: String,
    apply: (state, { value }) => {
      applied++
      return [state, value ?? null]
    },
  }
  const checker = createOnlineChecker({ model, initial: null })
  const events = eventsOf(
    inTurn(
      0,
      Array.from({ length: 1_000 }, (_, n) => ['note', n, n]),
    ),
  )
  for (const event of events) checker.push(event)
  checker.settle()
  expect(checker.soFar()).toBe('linearizable')
  const once = applied
  applied = 0
  check(historyFromEvents(events), {
    ...{ model, initial: null, levels: ['linearizable'] },
    ...{ deadlineMs: millis(10_000), memoryBytes: 1e9, now: () => millis(0) },
  })
  expect(once / applied).toBeLessThan(13)
})

test('the online checker names an object that takes too long to judge, and judges it again after more events', () => {
  let passed = 0
  /** The time by which each reading of the clock advances it. */
  let pace = 0
  const now = (): Millis => {
    passed += pace
    return millis(passed)
  }
  const checker = counter({ now })
  pace = 200
  for (const event of eventsOf(counted(20), 'x')) checker.push(event)
  expect(checker.soFar()).toBe('not certain')
  expect(checker.doubt()).toMatch(/^x: judging its 64 events again takes longer than 250 ms, .* only at the end$/)
  pace = 0
  for (const event of eventsOf(counted(30, 20), 'x')) checker.push(event)
  // After events were forgotten, linearizability is unknown, but a contradiction among later events is still found.
  for (const event of eventsOf([...inTurn(1, [['read', null, 9]]), ...counted(40, 50)], 'x')) checker.push(event)
  expect(checker.violation()).toMatchObject({ key: 'x', process: 1 })
})

test('the online checker names an object over the memory limit and stops checking it', () => {
  const checker = counter({ retainAtMost: 200 })
  // An operation that never ends.
  for (const event of eventsOf([[9, 'invoke', 'add', 1], ...counted(100)], 'x')) checker.push(event)
  expect(checker.soFar()).toBe('not certain')
  expect(checker.doubt()).toBe('x: it would take more than 200 entries in memory')
  expect(checker.retained()).toBeLessThan(10)
})

test('the online checker forgets the completed beginning of a long history, and still finds later contradictions', () => {
  const checker = counter({ retainAtMost: 200 })
  for (const event of eventsOf(counted(200))) checker.push(event)
  expect([checker.soFar(), checker.doubt()]).toEqual([
    'not certain',
    'its first events are no longer in memory: they are judged from the record when the run ends',
  ])
  for (const event of eventsOf([...counted(20, 200), ...inTurn(1, [['read', null, 3]])])) checker.push(event)
  checker.settle()
  expect(checker.violation()).toMatchObject({ process: 1, position: 881 })
})

test('the online checker keeps the beginning of a history while an uncertain operation may still take effect', () => {
  const checker = counter({ retainAtMost: 400 })
  const unknown: readonly Line[] = [
    [9, 'invoke', 'add', 1],
    [9, 'info', 'add', 1],
  ]
  // At this point, at least 300 entries could be forgotten.
  for (const event of eventsOf([...unknown, ...counted(74)])) checker.push(event)
  checker.settle()
  for (const event of eventsOf([
    ...inTurn(1, [
      ['read', null, 74],
      ['read', null, 75],
    ]),
  ]))
    checker.push(event)
  checker.settle()
  expect([checker.soFar(), checker.violation()]).toEqual(['linearizable', undefined])
})

test('the online checker counts a retained read of many elements as several entries', () => {
  const checker = createOnlineChecker({ model: 'set', initial: null })
  const elements = Array.from({ length: 800 }, (_, n) => n)
  for (const event of eventsOf(inTurn(0, [['read', null, elements]]))) checker.push(event)
  expect(checker.retained()).toBe(102)
})

test('the online checker reports a violation of a user’s own model', () => {
  const model: Model<number> = {
    name: 'switch',
    initial: 0,
    key: String,
    apply: (state, { f }) => (f === 'flip' ? [1 - state, null] : [state, state]),
  }
  const checker = createOnlineChecker({ model, initial: null })
  for (const event of eventsOf(
    inTurn(0, [
      ['flip', null, null],
      ['look', null, 0],
    ]),
  ))
    checker.push(event)
  expect(checker.settle()).toMatchObject({ position: 3, noticedAfter: 0 })
})

test('the online checker is undecided about an ack if no take returned the receipt of the ack', () => {
  const checker = createOnlineChecker({ model: 'work-queue', initial: null })
  for (const event of eventsOf(
    inTurn(0, [
      ['enqueue', 1, 1],
      ['ack', 'r1', 'r1'],
    ]),
  ))
    checker.push(event)
  expect(checker.settle()).toBeUndefined()
  expect(checker.doubt()).toMatch(/no "take" returned the receipt/)
})

test('the online checker judges a watch with the writes of all keys, and therefore notices a missing event', () => {
  const checker = createOnlineChecker({ model: 'watch', initial: null })
  const at = (revision: number): Json => ({ events: [{ revision, key: 'x', value: revision }] })
  const writes = [2, 3, 4].flatMap((revision) => eventsOf(inTurn(0, [['put', revision, revision]]), 'x'))
  const watching = eventsOf(
    inTurn(1, [
      ['watch', { watch: 1, from: 2 }, { revision: 4 }],
      ['watched', { watch: 1 }, [at(2), at(4)]],
    ]),
  )
  for (const event of [...writes, ...watching]) checker.push(event)
  expect(checker.settle()).toMatchObject({ position: 9, key: undefined })
  expect(checker.soFar()).toBe('not faithful')
})

test('the online checker lets a process release a lock that it acquired with unknown outcome', () => {
  const lines: readonly Line[] = [
    [0, 'invoke', 'acquire', null],
    [0, 'info', 'acquire', null],
    [0, 'invoke', 'release', null],
    [0, 'ok', 'release', null],
  ]
  const { soFar, doubt } = watch('lock', null, eventsOf(lines))
  expect(soFar.at(-1)).toBe('linearizable')
  expect(doubt).toBeUndefined()
})

test('the online checker reports a violation if two reads of a set show two additions in opposite orders', () => {
  const open: readonly Line[] = [
    [0, 'invoke', 'add', 1],
    [1, 'invoke', 'add', 2],
    [2, 'invoke', 'read', null],
    [3, 'invoke', 'read', null],
    [2, 'ok', 'read', [1]],
  ]
  const violated = watch('set', null, eventsOf([...open, [3, 'ok', 'read', [2]]]))
  expect(violated.violation?.position).toBe(5)
  const met = watch('set', null, eventsOf([...open, [3, 'ok', 'read', [1, 2]]]))
  expect(met.soFar.at(-1)).toBe('linearizable')
})

/**
 * Pushes the events of many clients of one object. Each operation takes effect at some moment between its call and its
 * return.
 */
function stream(model: string, operations: number, random: () => number, push: (event: EventInput) => void): void {
  const object = kinds[model]!(() => 0.1, true)
  const simulated = object.simulate()
  const clients = Array.from({ length: 3 }, (_, process) => ({
    process,
    open: undefined as RequestedOperation | undefined,
  }))
  for (let called = 0; called < operations; ) {
    const client = clients[Math.floor(random() * clients.length)]!
    const pending = client.open
    if (pending === undefined) {
      client.open = object.ask(random)
      push({ process: client.process, type: 'invoke', ...client.open })
      called++
      continue
    }
    client.open = undefined
    const output = simulated.apply(pending, client.process)
    const type = output === undefined ? 'fail' : 'ok'
    push({ process: client.process, type, f: pending.f, value: type === 'ok' ? (output ?? null) : pending.value })
  }
}

test.each(['counter', 'bank'])(
  `the online checker of a %s retains no more entries than its limit over ${manyOf(30_000)} operations`,
  (model) => {
    const retainAtMost = 400
    const checker = createOnlineChecker({ model, initial: startOf(model), retainAtMost })
    let most = 0
    stream(model, many(30_000), randomFrom(baseSeed), (event) => {
      checker.push(event)
      most = Math.max(most, checker.retained())
    })
    expect(checker.violation()).toBeUndefined()
    expect(most).toBeLessThan(retainAtMost + 20)
  },
)
