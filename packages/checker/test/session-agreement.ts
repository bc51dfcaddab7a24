import { type Level, levels, type Report } from '@chaosproxy/checker'
import { type EventInput, type Header, type History, millis } from '@chaosproxy/history'
import { expect } from 'vitest'
import { randomEvents, randomFrom, type Shape } from '../../testing/src/random-history.ts'
import { smallHistory } from '../../testing/src/small-history.ts'
import type { WeakLevel } from '../src/levels/levels.ts'
import { implied } from '../src/levels/levels.ts'
import { createBudget } from '../src/limits/budget.ts'
import { createWeaker } from '../src/register/causal/decide.ts'
import { encodeRegister } from '../src/register/encoding/encode.ts'
import { findSequentialOrder } from '../src/register/sequential/decide.ts'
import { readsFrom } from '../src/register/sequential/reads-from.ts'
import { hasLegalOrder, isLinearizable, operationsOf, type Reading, respectsClients } from './brute-force.ts'
import { checkHistory, onlyRows, resultOf } from './checking.ts'
import { tryAll } from './weak-brute-force.ts'

// Tests histories in which one client has several processes. The verdicts must agree with the definitions, which try
// every order.

export const reading: Reading = { initial: null, failedCas: 'drop' }
export const named: Header = { chaos: 1, sessions: { by: 'header.X-Client', named: true } }
export const weakLevels: readonly WeakLevel[] = levels.filter(
  (level): level is WeakLevel => !['linearizable', 'sequential', 'eventual', 'convergent'].includes(level),
)

export type Answers = Partial<{ readonly [level in Level]: boolean | undefined }>

/** All orders of the writes are tried. */
const MOST_WRITES = 5

/**
 * Decides the levels by their definitions. Undefined if there are too many writes to try. Omits `weakLevels` if there
 * is a cas, which their definitions do not cover.
 */
export function triedOut(history: History): Answers | undefined {
  const ops = operationsOf(history, reading)
  if (ops.filter(({ f }) => f === 'write').length > MOST_WRITES || ops.length === 0) return undefined
  const sequential = hasLegalOrder(ops, respectsClients, reading.initial)
  const weak = ops.some(({ f }) => f === 'cas') ? {} : tryAll(ops, reading.initial)
  return { linearizable: isLinearizable(history, reading), sequential, ...weak }
}

function shapeOf(random: () => number): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    processes: 2 + below(4),
    operations: 3 + below(7),
    keys: 1 + below(2),
    values: random() < 0.6 ? 0 : 1 + below(3),
    cas: random() < 0.15,
    store: (['atomic', 'replicas', 'stale', 'scattered'] as const)[below(4)]!,
    unknown: random() < 0.4 ? 0.2 : 0,
    failed: random() < 0.3 ? 0.15 : 0,
    mutated: random() < 0.7 ? 0.3 + below(2) * 0.5 : 0,
  }
}

/**
 * Returns events of processes, each of which belongs to one of a few clients. The share `unnamed` of processes has no
 * named client.
 */
export function sessionEvents(random: () => number, unnamed = 0): EventInput[] {
  const events = randomEvents(shapeOf(random), random)
  const clients = 1 + Math.floor(random() * 3)
  const of = new Map<EventInput['process'], string | undefined>()
  return events.map((event) => {
    if (!of.has(event.process)) {
      of.set(event.process, random() < unnamed ? undefined : `c${Math.floor(random() * clients)}`)
    }
    const session = of.get(event.process)
    return event.type === 'invoke' && session !== undefined ? { ...event, session } : event
  })
}

const freshBudget = () =>
  createBudget({ deadlineMs: millis(20_000), memoryBytes: 2e8, now: () => millis(performance.now()) })

const resultText = (answer: boolean | undefined): string =>
  answer === undefined ? 'unknown' : answer ? 'met' : 'violated'

export interface Counts {
  judged: number
  /** The number of histories in which the operations of some client overlap. */
  overlapping: number
  readonly met: { [level: string]: number }
  readonly violated: { [level: string]: number }
}

export const noCounts = (): Counts => ({ judged: 0, overlapping: 0, met: {}, violated: {} })

/**
 * Fails if the verdict on a level differs from the result of its definition (`triedOut`), if a counterexample by itself
 * satisfies its level, or if a level is met although a weaker level is not.
 */
export function agree(seed: number, counts: Counts): void {
  const random = randomFrom(seed)
  const events = sessionEvents(random)
  const history = smallHistory(events, named)
  const tried = triedOut(history)
  if (tried === undefined) return
  counts.judged++
  const ops = operationsOf(history, reading)
  const overlaps = ops.some((a) =>
    ops.some((b) => a !== b && a.client === b.client && a.call < b.call && b.call < a.return && a.completed),
  )
  if (overlaps) counts.overlapping++
  const where = (level: Level): string =>
    `seed ${seed}: ${level}\n${events.map((event) => JSON.stringify(event)).join('\n')}`
  for (const [level, result] of decidedAlone(history, tried)) {
    // The checker may refute a level that the definition leaves undecided.
    const open = tried[level] === undefined && result === 'violated'
    if (result !== resultText(tried[level]) && !open)
      expect.fail(`${where(level)}\n${result}, not ${resultText(tried[level])}`)
    const count = result === 'met' ? counts.met : counts.violated
    count[level] = (count[level] ?? 0) + 1
  }
  const report = checkHistory(history, { levels })
  for (const level of levels) {
    const answer: boolean | undefined = tried[level]
    const verdict = report.levels[level]
    if (answer !== undefined && verdict.result !== resultText(answer)) {
      expect.fail(`${where(level)}\nchecked with all others, it is ${verdict.result}, not ${resultText(answer)}`)
    }
    if (verdict.result !== 'violated' || level === 'eventual' || level === 'convergent') continue
    const rows = verdict.counterexample.operations.map(({ operation }) => operation)
    const alone = triedOut(smallHistory(onlyRows(events, history, rows), named))
    if (alone?.[level] === true) expect.fail(`${where(level)}\nis met by the counterexample ${rows} by itself`)
  }
  expectLattice(report, () => where('linearizable'))
}

/** Decides each level separately, without conclusions from the verdicts on other levels. */
function decidedAlone(history: History, tried: Answers): Map<Level, string> {
  const { encoded, decoder } = encodeRegister(history, reading)
  const budget = freshBudget()
  const results = new Map<Level, string>()
  results.set('sequential', findSequentialOrder(encoded, decoder.value, budget).result)
  if (tried.causal === undefined) return results
  const weaker = createWeaker(encoded, readsFrom(encoded), budget)
  for (const level of weakLevels) results.set(level, weaker.decide(level).result)
  weaker.release()
  return results
}

export function expectLattice(report: Report, where: () => string): void {
  for (const level of levels) {
    for (const weaker of implied[level]) {
      if (weaker === 'eventual' || resultOf(report, level) !== 'met') continue
      if (resultOf(report, weaker) !== 'met') expect.fail(`${where()}\n${level} is met, ${weaker} is not`)
    }
  }
}

const unnamedHeader = (isNamed: boolean): Header => ({
  chaos: 1,
  sessions: isNamed ? { by: 'header.X-Client', named: true } : { by: 'connection', named: false },
})

/**
 * The number of assignments of clients to unnamed processes that are tried. Each verdict is compared with all of them.
 */
const MOST_WAYS = 6

/**
 * Tests histories in which some or all processes have no named client. A level that depends on a client's order may be
 * met only if the history is linearizable. A level may be violated only if every assignment of processes to clients
 * violates it.
 */
export function agreeUnnamed(seed: number, counts: Counts): void {
  const random = randomFrom(seed)
  const isNamed = random() < 0.6
  const events = sessionEvents(random, isNamed ? 0.5 : 1)
  const history = smallHistory(events, unnamedHeader(isNamed))
  const isAllNamed = !operationsOf(history, reading).some(({ client }) => client.startsWith('operation'))
  if (isAllNamed || triedOut(history) === undefined) return
  counts.judged++
  const report = checkHistory(history, { levels })
  const where = (level: Level): string =>
    `seed ${seed}: ${level}\n${events.map((event) => JSON.stringify(event)).join('\n')}`
  expectLattice(report, () => where('linearizable'))
  const linearizable = resultOf(report, 'linearizable') === 'met'
  const processes = [
    ...new Set(
      events.filter(({ session, type }) => type === 'invoke' && session === undefined).map(({ process }) => process),
    ),
  ]
  for (let way = 0; way < MOST_WAYS; way++) {
    // The first assignment makes each process its own client, and the second makes all processes one client. Every
    // other assignment chooses a random client for each process. This client may be one that the history names.
    const of = new Map(
      processes.map((process) => [
        process,
        way === 0 ? `p${process}` : way === 1 ? 'all' : `c${Math.floor(random() * 4)}`,
      ]),
    )
    const unnamed = events.map((event) => {
      const session = of.get(event.process)
      return event.type === 'invoke' && session !== undefined ? { ...event, session } : event
    })
    const tried = triedOut(smallHistory(unnamed, named))
    for (const level of ['sequential', ...weakLevels] as const) {
      const { result } = report.levels[level]
      if (result === 'met' && !linearizable)
        expect.fail(`${where(level)}\nis met, and the order within clients is not known`)
      if (result === 'unknown' && linearizable)
        expect.fail(`${where(level)}\nis unknown, and follows from linearizable`)
      if (result === 'violated' && tried?.[level] === true) {
        expect.fail(`${where(level)}\nis violated, and met where clients are ${JSON.stringify([...of])}`)
      }
      if (way > 0 || result === 'unknown') continue
      const count = result === 'met' ? counts.met : counts.violated
      count[level] = (count[level] ?? 0) + 1
    }
  }
}
