import { createOnlineChecker, onlineModel, type SoFar } from '@chaosproxy/checker'
import { type EventInput, type Json, millis } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import type { OnlineViolation } from '../src/online/checker.ts'
import { isKeyedLinearizable } from './brute-endings.ts'
import { checkHistory, resultOf } from './checking.ts'
import { atLeast, many, manyOf } from './many.ts'
import { randomEnded } from './random-endings.ts'
import { randomFrom } from './random-history.ts'
import { type Asked, kinds, randomObjectEvents } from './random-objects.ts'
import { smallHistory } from './small-history.ts'

// Every kind of object that is judged while it is recorded, against the definition tried out in full. The seed changes
// with each run; a failure names it.

const baseSeed = inject('seed')
const HISTORIES = 3_000
const models = ['counter', 'lock', 'queue', 'bag', 'set'] as const

interface Watched {
  readonly violation: OnlineViolation | undefined
  /** After each event. */
  readonly soFar: readonly SoFar[]
  readonly doubt: string | undefined
}

function watch(model: string, initial: Json, events: readonly EventInput[], retainAtMost?: number): Watched {
  const checker = createOnlineChecker({ model: onlineModel(model)!, initial, retainAtMost })
  const soFar = events.map((event) => {
    checker.push(event)
    return checker.soFar()
  })
  return { violation: checker.violation(), soFar, doubt: checker.doubt() }
}

type Judged = 'met' | 'violated' | 'unknown'

/** By a judge of whole histories: why what the checker said of some prefix is wrong. */
function faultOf({ violation, soFar }: Watched, judge: (upTo: number) => Judged): string | undefined {
  const certain = soFar.lastIndexOf('linearizable')
  if (certain >= 0 && judge(certain + 1) === 'violated')
    return `called linearizable after event ${certain}, which it is not`
  if (violation === undefined || judge(violation.position + 1) !== 'met') return undefined
  return `called not linearizable after event ${violation.position}, which it is: ${violation.sentence}`
}

/** What `check` says of the first events. */
const checked =
  (model: string, events: readonly EventInput[], initial: Json) =>
  (upTo: number): Judged => {
    const history = smallHistory(events.slice(0, upTo))
    const options = { model, initial, levels: ['linearizable'], deadlineMs: millis(1_000) } as const
    return resultOf(checkHistory(history, options), 'linearizable')
  }

const listed = (events: readonly EventInput[]): string => events.map((event) => JSON.stringify(event)).join('\n')

test.each(models)(
  `%s: each prefix of ${manyOf(HISTORIES)} random histories gets the verdict of the definition`,
  (model) => {
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const { initial, events } = randomEnded(model, randomFrom(seed))
      const watched = watch(model, initial, events)
      const defined = (upTo: number): Judged =>
        isKeyedLinearizable(model, smallHistory(events.slice(0, upTo)), initial) ? 'met' : 'violated'
      const fault = faultOf(watched, defined)
      if (fault !== undefined)
        expect.fail(`seed ${seed}, initial ${JSON.stringify(initial)}: ${fault}\n${listed(events)}`)
      count[watched.soFar.at(-1) ?? 'linearizable']++
    }
    for (const kind of ['linearizable', 'not linearizable'] as const)
      expect(count[kind], JSON.stringify(count)).toBeGreaterThan(atLeast(HISTORIES / 10))
    expect(count['not certain'], JSON.stringify(count)).toBeLessThan(many(HISTORIES) * mostUncertain[model])
  },
)

/** The share of random histories that need not be decided. */
const mostUncertain: { readonly [model in (typeof models)[number]]: number } = {
  counter: 0.3,
  lock: 0.05,
  queue: 0.5,
  bag: 0.5,
  set: 0.5,
}

test.each(models)(
  `%s: no verdict on ${manyOf(HISTORIES)} random histories with unknown initial values contradicts check`,
  (model) => {
    const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
    for (let n = 0; n < many(HISTORIES); n++) {
      const seed = baseSeed + n
      const { events } = randomEnded(model, randomFrom(seed))
      const watched = watch(model, 'unknown', events)
      const fault = faultOf(watched, checked(model, events, 'unknown'))
      if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}\n${listed(events)}`)
      count[watched.soFar.at(-1) ?? 'linearizable']++
    }
    expect(count.linearizable, JSON.stringify(count)).toBeGreaterThan(0)
  },
)

test.each(models)(`%s: ${manyOf(1_000)} longer histories get the verdict of check`, (model) => {
  const count = { linearizable: 0, 'not linearizable': 0, 'not certain': 0 }
  for (let n = 0; n < many(1_000); n++) {
    const seed = baseSeed + n
    const random = randomFrom(seed)
    const shape = {
      processes: 2 + Math.floor(random() * 5),
      operations: 10 + Math.floor(random() * 40),
      unknown: random() < 0.5 ? 0.08 : 0,
      failed: random() < 0.3 ? 0.1 : 0,
      mutated: random() < 0.5 ? 0.04 : 0,
    }
    const events = randomObjectEvents(kinds[model]!(random, random() < 0.5), shape, random)
    const initial = random() < 0.7 ? null : 'unknown'
    const watched = watch(model, initial, events)
    const fault = faultOf(watched, checked(model, events, initial))
    if (fault !== undefined) expect.fail(`seed ${seed}, initial ${initial}: ${fault}\n${listed(events)}`)
    count[watched.soFar.at(-1) ?? 'linearizable']++
  }
  expect(count.linearizable, JSON.stringify(count)).toBeGreaterThan(atLeast(50))
  expect(count['not linearizable'], JSON.stringify(count)).toBeGreaterThan(atLeast(50))
})

type Line = readonly [process: number, type: EventInput['type'], f: string, value: Json]

const eventsOf = (lines: readonly Line[]): EventInput[] =>
  lines.map(([process, type, f, value]) => ({ process, type, f, value }))

test('a lock whose process goes on after an operation of unknown outcome is not judged', () => {
  const lines: readonly Line[] = [
    [0, 'invoke', 'acquire', null],
    [0, 'info', 'acquire', null],
    [0, 'invoke', 'release', null],
    [0, 'ok', 'release', null],
  ]
  const { soFar, doubt } = watch('lock', null, eventsOf(lines))
  expect(soFar.at(-1)).toBe('not certain')
  expect(doubt).toMatch(/went on after an operation of unknown outcome/)
})

test('concurrent reads of a set that saw two additions in different orders are a violation', () => {
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

test('an addition of unknown outcome may take effect after a later removal of the same element', () => {
  const watched = (endings: readonly Line[]): Watched =>
    watch(
      'set',
      null,
      eventsOf([
        [0, 'invoke', 'add', 1],
        [1, 'invoke', 'add', 1],
        [2, 'invoke', 'contains', 1],
        ...endings,
        [2, 'fail', 'contains', 1],
        [0, 'invoke', 'remove', 1],
        [0, 'ok', 'remove', 1],
        [0, 'invoke', 'read', null],
        [0, 'ok', 'read', [1]],
      ]),
    )
  const [done, unknown]: readonly Line[] = [
    [0, 'ok', 'add', 1],
    [1, 'info', 'add', 1],
  ]
  expect(watched([done!, unknown!]).soFar.at(-1)).toBe('not certain')
  expect(watched([unknown!, done!]).soFar.at(-1)).toBe('not certain')
  expect(watched([done!, [1, 'ok', 'add', 1]]).soFar.at(-1)).toBe('not linearizable')
})

/** One after the other, by one process. */
const inTurn = (process: number, operations: readonly (readonly [f: string, value: Json, result: Json])[]): Line[] =>
  operations.flatMap(([f, value, result]): Line[] => [
    [process, 'invoke', f, value],
    [process, 'ok', f, result],
  ])

test.each(['queue', 'bag'])(
  '%s: a dequeue finds nothing only if there was a moment at which nothing was in',
  (model) => {
    const events = (last: readonly [string, Json, Json][]): EventInput[] =>
      eventsOf([
        ...inTurn(0, [['enqueue', 1, 1]]),
        [9, 'invoke', 'dequeue', null],
        ...inTurn(0, [['enqueue', 2, 2], ['dequeue', null, 1], ...last]),
        [9, 'ok', 'dequeue', null],
      ])
    const never = events([
      ['enqueue', 3, 3],
      ['dequeue', null, 2],
    ])
    expect(watch(model, null, never).violation?.position).toBe(never.length - 1)
    expect(
      watch(
        model,
        null,
        events([
          ['dequeue', null, 2],
          ['enqueue', 3, 3],
        ]),
      ).soFar.at(-1),
    ).toBe('linearizable')
  },
)

test('a dequeue of unknown outcome explains one lost message of a queue, not two', () => {
  const events = (last: Json): EventInput[] =>
    eventsOf([
      ...inTurn(0, [
        ['enqueue', 1, 1],
        ['enqueue', 2, 2],
        ['enqueue', 3, 3],
        ['enqueue', 4, 4],
      ]),
      [9, 'invoke', 'dequeue', null],
      [9, 'info', 'dequeue', null],
      ...inTurn(0, [
        ['dequeue', null, 2],
        ['dequeue', null, last],
      ]),
    ])
  expect(watch('queue', null, events(4)).soFar.at(-1)).toBe('not linearizable')
  expect(watch('queue', null, events(3)).soFar.at(-1)).toBe('linearizable')
})

/** Operations of many clients on one object, each done at some moment between its call and its return. */
function stream(model: string, operations: number, random: () => number, push: (event: EventInput) => void): void {
  // Distinct messages, additions of one: what is judged to the end.
  const kind = kinds[model]!(() => 0.1, true)
  const object = kind.simulate()
  const clients = Array.from({ length: 10 }, (_, process) => ({ process, open: undefined as Asked | undefined }))
  let next = clients.length
  /** Messages in a queue, which takes them out once there are many. */
  let held = 0
  for (let called = 0; called < operations; ) {
    const client = clients[Math.floor(random() * clients.length)]!
    const asked = client.open
    if (asked === undefined) {
      client.open = held > 50 ? { f: 'dequeue', value: null } : kind.ask(random)
      push({ process: client.process, type: 'invoke', ...client.open })
      called++
      continue
    }
    client.open = undefined
    // A lock whose release is lost would be held for ever.
    const isUnknown = model !== 'lock' && random() < 0.001
    const output = isUnknown && random() < 0.5 ? undefined : object.apply(asked, client.process)
    if (output !== undefined && asked.f === 'enqueue') held++
    if (output !== undefined && output !== null && asked.f === 'dequeue') held--
    const type = isUnknown ? 'info' : output === undefined ? 'fail' : 'ok'
    push({ process: client.process, type, f: asked.f, value: type === 'ok' ? (output ?? null) : asked.value })
    if (isUnknown) client.process = next++
  }
}

test.each(models)(`%s: memory does not grow over ${manyOf(400_000)} operations`, (model) => {
  const random = randomFrom(baseSeed)
  const checker = createOnlineChecker({ model: onlineModel(model)!, initial: null })
  const operations = many(400_000)
  let [pushed, early, most] = [0, 0, 0]
  stream(model, operations, random, (event) => {
    checker.push(event)
    const retained = checker.retained()
    if (++pushed < operations / 5) early = Math.max(early, retained)
    most = Math.max(most, retained)
  })
  expect(checker.violation()).toBeUndefined()
  expect(checker.doubt() ?? '').not.toMatch(/entries in memory|equal messages/)
  expect(most).toBeLessThan(2 * early + 20)
})
