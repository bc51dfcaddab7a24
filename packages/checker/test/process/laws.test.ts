import { type Level, levels, type ModelName, type Report } from '@chaosproxy/checker'
import { type EventInput, type Json, millis } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory } from '../checking.ts'
import { many } from '../many.ts'
import { kinds, type ObjectShape, randomObjectEvents } from '../random-objects.ts'
import { modelNames, modelOf } from '../registry.ts'

// Tests laws that hold for every level of every model and for every history. The histories have two sizes.

const baseSeed = inject('seed')
const sizes = [
  { of: '2 to 10 operations', least: 2, most: 10, histories: many(600) },
  { of: '20 to 200 operations', least: 20, most: 200, histories: many(80) },
]
type Size = (typeof sizes)[number]

const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }

/**
 * The time limits. Comparisons skip histories that take longer than the hasty limit. A history that must be decided
 * takes far less than the patient limit.
 */
const HASTY_MS = 100
const PATIENT_MS = 20_000

interface Judging {
  readonly model?: ModelName
  readonly initial?: Json
  readonly patient?: boolean
}

function judge(events: readonly EventInput[], { model = 'register', initial, patient = false }: Judging = {}): Report {
  return checkHistory(smallHistory(events), {
    model,
    initial: initial ?? initials[model] ?? null,
    levels: modelOf(model).levels,
    explain: false,
    deadlineMs: millis(patient ? PATIENT_MS : HASTY_MS),
  })
}

const resultsOf = ({ levels: verdicts }: Report): readonly string[] => levels.map((level) => verdicts[level].result)

/** Returns a random history of a register. The consistency of its store is also random (see `Shape`). */
function registerEvents(size: Size, random: () => number, over: Partial<Shape> = {}): EventInput[] {
  const below = (n: number): number => Math.floor(random() * n)
  const shape: Shape = {
    processes: 2 + below(3),
    operations: size.least + below(size.most - size.least),
    keys: 1 + below(2),
    // Only short histories repeat values, because long ones would need a search at every level.
    values: size.least < 20 && random() < 0.4 ? 2 : 0,
    cas: random() < 0.2,
    store: (['atomic', 'replicas', 'stale', 'scattered'] as const)[below(4)]!,
    unknown: random() < 0.5 ? 0.1 : 0,
    failed: random() < 0.5 ? 0.1 : 0,
    mutated: random() < 0.3 ? 2 / size.most : 0,
    finals: random() < 0.3,
  }
  return randomEvents({ ...shape, ...over }, random)
}

function objectEvents(
  model: ModelName,
  size: Size,
  random: () => number,
  over: Partial<ObjectShape> = {},
): EventInput[] {
  const shape: ObjectShape = {
    processes: 2 + Math.floor(random() * 3),
    operations: size.least + Math.floor(random() * (size.most - size.least)),
    unknown: random() < 0.5 ? 0.05 : 0,
    failed: 0.05,
    mutated: random() < 0.5 ? 0 : 1 / size.most,
  }
  return randomObjectEvents(kinds[model]!(random, over.mutated === 0), { ...shape, ...over }, random)
}

/** Functions that rename the values of a history. Each function returns different names for different numbers. */
const otherNames: readonly ((value: number) => Json)[] = [
  String,
  (value) => (value % 2 === 0 ? `${value - 1}` : value),
  (value) => ({ b: value, a: [value, null] }),
  (value) => value + 2 ** 30,
  (value) => -value - 0.5,
  (value) => [false, '', '0', 0, 'null'][value] ?? `"__proto__" ${value}`,
]

const listed = (events: readonly EventInput[]): string => events.map((event) => JSON.stringify(event)).join('\n')

/** Finds a level that was met before the change and is violated after it. Counts the levels that were met. */
function faultOfChange(before: Report, after: Report): { readonly met: number; readonly fault: Level | undefined } {
  const met = levels.filter((level) => before.levels[level].result === 'met')
  return { met: met.length, fault: met.find((level) => after.levels[level].result === 'violated') }
}

interface Plant {
  readonly what: string
  readonly broken: readonly Level[]
  /** Adds one stale read to a history whose values are distinct; undefined if there is no place for the read. */
  readonly plant: (events: readonly EventInput[], random: () => number) => EventInput[] | undefined
}

/** A completed operation of a register, with the positions of its call and its return among the events. */
interface Done {
  readonly event: EventInput
  readonly call: number
  readonly return: number
}

function completedOf(events: readonly EventInput[]): Done[] {
  const called = new Map<EventInput['process'], number>()
  const done: Done[] = []
  for (const [at, event] of events.entries()) {
    if (event.type === 'invoke') called.set(event.process, at)
    else if (event.type === 'ok') done.push({ event, call: called.get(event.process) ?? at, return: at })
  }
  return done
}

const isRead = ({ event }: Done): boolean => event.f === 'read'
const isWrite = ({ event }: Done): boolean => event.f === 'write'
const sameProcess = (a: Done, b: Done): boolean => a.event.process === b.event.process

/**
 * Makes one read return the older value that `olderThan` returns for it. Undefined if `olderThan` returns a value for
 * no read.
 */
function makeStale(
  events: readonly EventInput[],
  random: () => number,
  olderThan: (read: Done, before: readonly Done[]) => Json | undefined,
): EventInput[] | undefined {
  const done = completedOf(events)
  const places = done.filter(isRead).flatMap((read) => {
    const before = done.filter((each) => each.return < read.call && each.event.key === read.event.key)
    const value = olderThan(read, before)
    return value === undefined ? [] : [{ at: read.return, value }]
  })
  const place = places[Math.floor(random() * places.length)]
  return place && events.with(place.at, { ...events[place.at]!, value: place.value })
}

/** Returns the value of a write that returned before another write was called. */
function overwritten(writes: readonly Done[]): Json | undefined {
  const older = writes.find((one) => writes.some((other) => one.return < other.call))
  return older?.event.value
}

const belowSequential: readonly Level[] = ['causal', 'causal-memory', 'causal-convergence', 'pram', 'session']
const plants: readonly Plant[] = [
  {
    what: 'linearizable, by a value that was overwritten before the read began',
    broken: ['linearizable'],
    plant: (events, random) => makeStale(events, random, (_, before) => overwritten(before.filter(isWrite))),
  },
  {
    what: 'sequential and all below, by a value that the reader itself had overwritten',
    broken: ['linearizable', 'sequential', ...belowSequential, 'read-your-writes'],
    plant: (events, random) =>
      makeStale(events, random, (read, before) =>
        overwritten(before.filter((each) => isWrite(each) && sameProcess(each, read))),
      ),
  },
  {
    what: 'read-your-writes, by the initial value after a write of one’s own',
    broken: ['linearizable', 'sequential', ...belowSequential, 'read-your-writes'],
    plant: (events, random) =>
      makeStale(events, random, (read, before) =>
        before.some((each) => isWrite(each) && sameProcess(each, read)) ? null : undefined,
      ),
  },
  {
    what: 'monotonic-reads, by the initial value after another was read',
    broken: ['linearizable', 'sequential', ...belowSequential, 'monotonic-reads'],
    plant: (events, random) =>
      makeStale(events, random, (read, before) =>
        before.some((each) => isRead(each) && sameProcess(each, read) && each.event.value !== null) ? null : undefined,
      ),
  },
  {
    what: 'eventual, by final reads of a value that an acknowledged write came after',
    broken: ['eventual'],
    plant: (events) => {
      const writes = completedOf(events).filter(isWrite)
      const key = writes[0]?.event.key
      const value = overwritten(writes.filter(({ event }) => event.key === key))
      const final = { process: 9_999, f: 'read', key, final: true } as const
      if (value === undefined) return undefined
      return [...events, { ...final, type: 'invoke', value: null }, { ...final, type: 'ok', value }]
    },
  },
]

/**
 * Compares the levels before and after a change that must not matter. A level may be unknown on one side, because the
 * search may take longer there.
 */
function faultOfSameness(before: Report, after: Report): string | undefined {
  const results = [before, after].map(resultsOf)
  const level = levels.find((_, i) => {
    const verdicts = results.map((each) => each[i])
    return verdicts[0] !== verdicts[1] && !verdicts.includes('unknown')
  })
  return level && `${level} is ${before.levels[level].result}, then ${after.levels[level].result}`
}

describe.each(sizes)('the verdicts on histories of $of', (size) => {
  const seeds = Array.from({ length: size.histories }, (_, n) => baseSeed + n)

  test('a verdict does not change from met to violated if an info operation is added', () => {
    let met = 0
    for (const seed of seeds) {
      const random = randomFrom(seed)
      for (const model of seed % 8 === 0 ? modelNames : (['register'] as const)) {
        const events = model === 'register' ? registerEvents(size, random) : objectEvents(model, size, random)
        const invocations = events.filter(({ type }) => type === 'invoke')
        const invocation = invocations[Math.floor(random() * invocations.length)]
        if (invocation === undefined) continue
        // Adds one more invocation with the function of an existing one, often with a new value. In long histories,
        // repeated values are rare.
        const isNew = invocation.f === 'write' && random() < (size.least < 20 ? 0.5 : 0.9)
        const value = isNew ? (size.least < 20 ? 1 + (seed % 5) : 100_000) : invocation.value
        const more: EventInput = { ...invocation, value, process: 9_999, final: undefined }
        const after = events.toSpliced(Math.floor(random() * (events.length + 1)), 0, more)
        if (random() < 0.5) after.push({ ...more, type: 'info' })
        const change = faultOfChange(judge(events, { model }), judge(after, { model }))
        if (change.fault !== undefined) expect.fail(`seed ${seed}, ${model}: ${change.fault}\n${listed(after)}`)
        met += change.met
      }
    }
    expect(met).toBeGreaterThan(size.histories)
  })

  test('a verdict does not change from met to violated if a read is removed', () => {
    let met = 0
    for (const seed of seeds) {
      const random = randomFrom(seed)
      const events = registerEvents(size, random)
      const reads = events.filter(({ type, f }) => type === 'ok' && f === 'read')
      const left = reads[Math.floor(random() * reads.length)]
      if (left === undefined) continue
      const invoked = events.findLast(
        (event, at) => event.type === 'invoke' && event.process === left.process && at < events.indexOf(left),
      )
      const fewer = events.filter((event) => event !== left && event !== invoked)
      const change = faultOfChange(judge(events), judge(fewer))
      if (change.fault !== undefined) {
        expect.fail(`seed ${seed}: ${change.fault} without ${JSON.stringify(left)}\n${listed(events)}`)
      }
      met += change.met
    }
    expect(met).toBeGreaterThan(size.histories)
  })

  test('a verdict does not change if processes are renamed', () => {
    for (const seed of seeds) {
      const random = randomFrom(seed)
      for (const model of seed % 8 === 0 ? modelNames : (['register'] as const)) {
        const events = model === 'register' ? registerEvents(size, random) : objectEvents(model, size, random)
        const names = [...new Set(events.map(({ process }) => process))]
        const shuffled = names.map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at)
        const renamed = events.map((event) => ({ ...event, process: shuffled[names.indexOf(event.process)]!.name }))
        const fault = faultOfSameness(judge(events, { model }), judge(renamed, { model }))
        if (fault !== undefined) expect.fail(`seed ${seed}, ${model}: ${fault}\n${listed(events)}`)
      }
    }
  })

  test('a verdict does not change if values are renamed', () => {
    for (const seed of seeds) {
      const random = randomFrom(seed)
      const events = registerEvents(size, random)
      const rename = otherNames[seed % otherNames.length]!
      const renamed = (value: Json): Json =>
        typeof value === 'number' ? rename(value) : Array.isArray(value) ? value.map(renamed) : value
      const after = events.map((event) => ({ ...event, value: renamed(event.value ?? null) }))
      const fault = faultOfSameness(judge(events), judge(after))
      if (fault !== undefined) expect.fail(`seed ${seed}: ${fault}\n${listed(events)}`)
    }
  })

  test.each(modelNames)('every history of an atomic %s is linearizable', (model) => {
    const some = model === 'register' ? seeds : seeds.slice(0, size.histories / 4)
    for (const seed of some) {
      const random = randomFrom(seed)
      const append = model === 'register' && seed % 5 === 0
      const events =
        model === 'register'
          ? registerEvents(size, random, { store: 'atomic', mutated: 0, finals: false, append })
          : objectEvents(model, size, random, { mutated: 0 })
      // If many outcomes are unknown, deciding an object may need a search that does not end in time.
      const isOpen =
        model !== 'register' && events.filter(({ type }) => type === 'ok' || type === 'fail').length < events.length / 2
      const report = judge(events, { model, patient: !isOpen, ...(append ? { initial: '' } : {}) })
      const { linearizable } = report.levels
      if (linearizable.result === 'unknown' && isOpen) continue
      if (linearizable.result !== 'met') expect.fail(`seed ${seed}: ${linearizable.result}\n${listed(events)}`)
      expect(resultsOf(report).filter((result) => result === 'violated')).toEqual([])
    }
  })

  test.each(plants)('check reports a single planted stale read as a violation: $what', ({ plant, broken }) => {
    let planted = 0
    for (const seed of seeds) {
      const random = randomFrom(seed)
      const over = { store: 'atomic', mutated: 0, values: 0, cas: false, finals: false } as const
      const events = registerEvents(size, random, over)
      const stale = plant(events, random)
      if (stale === undefined) continue
      planted++
      const report = judge(stale, { patient: true })
      for (const level of broken) {
        const { result } = report.levels[level]
        if (result !== 'violated') expect.fail(`seed ${seed}: ${level} is ${result}\n${listed(stale)}`)
      }
    }
    expect(planted).toBeGreaterThan(size.histories / 40)
  })
})
