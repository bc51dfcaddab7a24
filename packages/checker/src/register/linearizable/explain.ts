import {
  duration,
  FAIL,
  functionOf,
  type History,
  hasTimes,
  inputOf,
  type Json,
  outputOf,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'
import {
  CAS,
  type Decoder,
  DIFFERS,
  type Encoded,
  later,
  NEVER,
  NOTHING,
  prefix,
  READ,
  restrict,
} from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { type Budget, inTime, isSure } from '../../limits/budget.ts'
import { asCore, type Counterexample, type Uncut } from '../../verdict/verdict.ts'
import { capital, createWords, show, type Words } from '../../verdict/words.ts'
import { LONG, type Located, locate, nearest } from '../counterexample/locate.ts'
import { type Contradiction, limit, reduce, watched, windows } from '../counterexample/reduce.ts'
import { createCompletion } from '../counterexample/sources.ts'
import { overconsumed } from '../counting/consumption.ts'
import type { Linearizability } from './portfolio/answer.ts'
import { violatesLinearizability } from './portfolio/small.ts'

const stepsFor = (set: Encoded): number => 60_000 + 400 * set.length

type Violated = Extract<Linearizability, { readonly result: 'violated' }>

/**
 * Explains why one key is not linearizable, by a reduced history up to the first return that cannot be explained. If
 * there is no time for a reduction, or none is requested, shows a few operations near the contradiction.
 */
export function explainLinearizability(
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
  isWanted: boolean,
): Counterexample {
  if (!isWanted) return showNearest(violated, decoder, 'unasked')
  const watch = watched(budget)
  return inTime(
    () => {
      const { part } = violated
      const located = part.length > LONG ? locate(violated, decoder.value, watch.budget) : undefined
      const found = located ?? { part, culpritReturn: violated.culpritReturn() }
      return cutDown(found, part.length, decoder, watch)
    },
    () => showNearest(violated, decoder, watch.limit() ?? 'time'),
  )
}

/** @throws OutOfTime if there is no time to begin. */
function cutDown(
  { part, culpritReturn }: Located,
  among: number,
  decoder: Decoder,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample {
  const jsonOf = decoder.value
  const operations = prefix(part, culpritReturn, budget)
  const within = operations.hasConditional && !operations.anyStart ? overconsumed(operations, budget) : undefined
  const contradiction: Contradiction = {
    starts: [within ?? [], ...windows(operations, NEVER, budget)],
    complete: createCompletion(operations, 'real time', jsonOf, budget),
    contradicts: (indices) => {
      const some = restrict(operations, indices)
      return violatesLinearizability(some, jsonOf, budget, stepsFor(some)) === true
    },
  }
  const all = range(0, operations.length)
  const reduced = reduce(contradiction, budget) ?? all
  const makesSure = (some: readonly number[]): boolean => standsAlone(restrict(operations, some), decoder)
  const { kept, uncut } = limit(reduced, operations, { among, limit: limitReached(), makesSure })
  const set = restrict(operations, kept)
  const culprit = set.returns.indexOf(culpritReturn)
  const keyName = decoder.keyName(part.key[0])
  const spokenOf = new Set<number>()
  const sentence = capital(sentenceOf(set, culprit, part, decoder, spokenOf))
  const core = new Set(set.row)
  // The sentence may name a write outside the contradiction. The person who reads the sentence will look for this
  // write.
  const rows = new Set([...core, ...spokenOf])
  return {
    level: 'linearizable',
    uncut,
    sentence,
    operations: [...rows]
      .sort((one, other) => one - other)
      .map((operation) => ({ operation, role: core.has(operation) ? 'core' : 'context' })),
    keys: keyName === undefined ? [] : [keyName],
    culprit: culprit === -1 ? undefined : set.row[culprit],
    statesBefore: inTime(() =>
      culprit === -1 ? undefined : statesBefore(part, part.returns.indexOf(culpritReturn), decoder, budget),
    ),
  }
}

const standsAlone = (some: Encoded, decoder: Decoder): boolean =>
  isSure((allowance) => violatesLinearizability(some, decoder.value, allowance, stepsFor(some)) === true)

/** Describes a contradiction that was not reduced. The operations are determined only when they are first read. */
function showNearest(violated: Violated, decoder: Decoder, why: Uncut['why']): Counterexample {
  const { part } = violated
  const keyName = decoder.keyName(part.key[0] ?? 0)
  const explanation = later(() => nearest(violated, decoder.value))
  return {
    level: 'linearizable',
    sentence: `No order of these ${part.length} operations is legal.`,
    get operations() {
      return asCore(explanation().set.row)
    },
    keys: keyName === undefined ? [] : [keyName],
    get uncut() {
      const { set, standsAlone } = explanation()
      if (set.length === part.length && why === 'unasked') return undefined
      return { why, among: part.length, standsAlone }
    },
  }
}

/** Describes the culprit's observation. If the culprit only wrote, describes the last observation before it. */
function sentenceOf(set: Encoded, culprit: number, whole: Encoded, decoder: Decoder, spokenOf: Set<number>): string {
  const words = createWords(decoder, spokenOf)
  const { history } = decoder
  const { operations } = history
  const observation = lastObservation(set, culprit)
  if (observation === -1) return `No order of these ${set.length} operations is legal.`
  const row = set.row[observation]
  const did = `${words.did(row, set.kind[observation])} at ${words.calledAt(row)}`
  const value = set.expects[observation]
  const valueText = show(decoder.value(set.names[value]))
  if (set.kind[observation] === DIFFERS) return `${did}, although only ${valueText} was possible then.`

  if (value !== set.initial && !set.hasAppend) {
    const writer = earliestWriter(whole, value)
    const unlike = set.anyStart ? unlikeStart(set, whole, observation, decoder, words) : undefined
    if (unlike !== undefined) return `${did}, ${unlike}.`
    if (writer === -1 && !set.anyStart)
      return `${did}, ${failedWrite(decoder, row, set.names[value], words) ?? `but nobody ever wrote ${valueText}`}.`
    if (writer !== -1 && whole.calls[writer] > returnIn(whole, row) && !set.anyStart) {
      const early = gapText(history, operations.callTime[whole.row[writer]] - operations.returnTime[row])
      const answered = `${words.did(row, READ)}, answered at ${words.returnedAt(row)}`
      return `${answered}, ${early}before ${words.the(whole.row[writer], whole.kind[writer])} was called.`
    }
  }
  const newer = newestBefore(
    set,
    observation,
    (row) => !set.hasAppend || !showsText(history, row, set.row[observation]),
  )
  if (newer !== -1) {
    const newerRow = set.row[newer]
    const gap = operations.callTime[row] - operations.returnTime[newerRow]
    const after = gap === 0 ? 'just after' : `${gapText(history, gap)}after`
    if (set.kind[newer] === READ) return `${did}, ${after} ${words.did(newerRow, READ)}.`
    const acknowledged = words.acknowledged(newerRow, set.kind[newer])
    const other = disagreeing(set, observation, newer)
    if (other === undefined) return `${did}, ${after} ${acknowledged}.`
    const { read, older } = other
    const readRow = set.row[read]
    const alsoDid = `${words.did(readRow, READ)} at ${words.calledAt(readRow)}`
    return `${did}, after ${acknowledged}, and ${alsoDid}, after ${words.acknowledged(set.row[older], set.kind[older])}: one of them missed the later write.`
  }
  const taken = set.anyStart ? undefined : takenBefore(set, observation, words)
  if (taken !== undefined) return `${did}, ${taken}.`
  const start = set.anyStart ? ', whatever was there at the start' : ''
  return `${did}, which fits no order of these ${set.length} operations${start}.`
}

/**
 * Describes which other operations removed the value that `observation` removed, and how often the value can have been
 * present. Undefined if `observation` removed no value, if no other operation removed this value, or if the value can
 * have been present at least as often as it was removed.
 */
function takenBefore(set: Encoded, observation: number, words: Words): string | undefined {
  const value = set.expects[observation]
  const takes = (i: number): boolean =>
    set.kind[i] === CAS && set.expects[i] === value && set.writes[i] !== value && set.returns[i] !== NEVER
  const others = range(0, set.length).filter((i) => i !== observation && takes(i))
  const [other] = others
  if (other === undefined || !takes(observation)) return undefined
  const times = set.writes.filter((written) => written === value).length + (value === set.initial ? 1 : 0)
  if (times > others.length) return undefined
  const also = others.length === 1 ? words.did(set.row[other], CAS) : `${others.length} others changed it as well`
  return `and ${also}, though the value was there ${times === 1 ? 'only once' : `${times} times only`}`
}

/** Describes why an unknown initial value does not explain a read, if there is a simple reason. */
function unlikeStart(
  set: Encoded,
  whole: Encoded,
  observation: number,
  decoder: Decoder,
  words: Words,
): string | undefined {
  const value = set.expects[observation]
  const row = set.row[observation]
  const writer = earliestWriter(whole, value)
  if (writer !== -1 && whole.calls[writer] < returnIn(whole, row)) return undefined
  const { history } = decoder
  const { operations } = history
  const valueText = show(decoder.value(set.names[value]))
  const unwritten =
    writer === -1
      ? (failedWrite(decoder, row, set.names[value], words) ?? `but nobody ever wrote ${valueText}`)
      : `before ${words.the(whole.row[writer], whole.kind[writer])} was called`
  for (let i = 0; i < set.length; i++) {
    if (set.returns[i] === NEVER || (set.kind[i] !== READ && set.kind[i] !== CAS) || set.expects[i] === value) continue
    const other = earliestWriter(whole, set.expects[i])
    if (other !== -1 && (other === i || whole.calls[other] < returnIn(whole, set.row[i]))) continue
    const held = show(decoder.value(set.names[set.expects[i]]))
    return `${unwritten}, and it was ${held} that was there at the start: ${words.did(set.row[i], set.kind[i])}`
  }
  const newer = newestBefore(set, observation)
  if (newer === -1 || set.kind[newer] === READ) return undefined
  const gap = gapText(history, operations.callTime[row] - operations.returnTime[set.row[newer]])
  const acknowledged = words.acknowledged(set.row[newer], set.kind[newer])
  return `${unwritten}, and what was there at the start had been overwritten: ${acknowledged} ${gap}before`
}

function lastObservation(set: Encoded, culprit: number): number {
  if (culprit !== -1 && set.expects[culprit] !== NOTHING) return culprit
  let last = -1
  for (let i = 0; i < set.length; i++) {
    if (set.expects[i] === NOTHING || set.returns[i] === NEVER) continue
    if (last === -1 || set.returns[i] > set.returns[last]) last = i
  }
  return last
}

const returnIn = (encoded: Encoded, row: number): number => encoded.returns[encoded.row.indexOf(row)]

function earliestWriter(whole: Encoded, value: number): number {
  for (let i = 0; i < whole.length; i++) if (whole.writes[i] === value) return i
  return -1
}

/**
 * `observation` saw `older`, although it was called after an overlapping write, `newer`, was acknowledged. Finds a read
 * that did the opposite: it saw `newer`, although it was called after `older` was acknowledged. The two observations
 * contradict each other about the order of the two writes.
 */
function disagreeing(
  set: Encoded,
  observation: number,
  newer: number,
): { readonly read: number; readonly older: number } | undefined {
  const older = set.writes.indexOf(set.expects[observation])
  if (older === -1 || set.returns[older] < set.calls[newer]) return undefined
  for (let read = 0; read < set.length; read++) {
    if (set.kind[read] !== READ || set.expects[read] !== set.writes[newer]) continue
    if (set.calls[read] > set.returns[older]) return { read, older }
  }
  return undefined
}

/**
 * Reports whether the text that `read` returned shows `write`: it contains the text of an append, or begins with the
 * text of any other write. If so, the read does not contradict the write.
 */
function showsText(history: History, write: number, read: number): boolean {
  const [text, whole] = [inputOf(history, write), outputOf(history, read)]
  if (typeof text !== 'string' || typeof whole !== 'string') return false
  return functionOf(history, write) === 'append' ? whole.includes(text) : whole.startsWith(text)
}

function newestBefore(set: Encoded, observation: number, contradicts: (row: number) => boolean = () => true): number {
  const value = set.expects[observation]
  let newest = -1
  let read = -1
  for (let i = 0; i < set.length; i++) {
    if (set.returns[i] >= set.calls[observation]) continue
    const k = set.kind[i]
    if (k === READ) {
      if (set.expects[i] !== value && (read === -1 || set.returns[i] > set.returns[read])) read = i
    } else if (k !== DIFFERS && set.writes[i] !== value && contradicts(set.row[i])) {
      if (newest === -1 || set.returns[i] > set.returns[newest]) newest = i
    }
  }
  return newest === -1 ? read : newest
}

function failedWrite(decoder: Decoder, row: number, name: number, words: Words): string | undefined {
  const { history } = decoder
  const { operations } = history
  for (let i = 0; i < operations.length; i++) {
    if (operations.outcome[i] !== FAIL || operations.key[i] !== operations.key[row]) continue
    // A read cannot see a write that was called after the read returned.
    if (operations.callEvent[i] > operations.returnEvent[row]) continue
    const f = functionOf(history, i)
    const written = writtenValue(f, inputOf(history, i))
    if (readsWhole(f) || written === null) continue
    if (history.values.id(written) === name) return `but ${words.the(i, CAS)} had failed`
  }
  return undefined
}

/** Formats a gap as `1.2 ms `. Empty if the history has no times. */
const gapText = (history: History, nanos: number): string => (hasTimes(history) ? `${duration(nanos)} ` : '')

/**
 * To find the possible states before a contradiction, the last `STATES_WINDOW` completed operations and as many open
 * operations are examined.
 */
const STATES_WINDOW = 64

/** Returns the possible values at the culprit's call, if they can be determined. Omits values of unseen writes. */
function statesBefore(part: Encoded, culprit: number, decoder: Decoder, budget: Budget): readonly Json[] | undefined {
  if (part.hasAppend) return undefined
  const before = prefix(part, part.calls[culprit] - 1)
  const rows = range(0, before.length)
  const completed = rows
    .filter((i) => before.returns[i] !== NEVER)
    .sort((a, b) => before.returns[a] - before.returns[b])
  const open = rows.filter((i) => before.returns[i] === NEVER)
  const complete = createCompletion(before, 'real time', decoder.value)
  const window = [...completed.slice(-STATES_WINDOW), ...open.slice(-STATES_WINDOW)]
  const recent = restrict(before, complete(window))
  const candidates = new Set<number>([before.initial])
  // An unknown initial value may be any value that was read.
  if (part.anyStart) for (const value of recent.expects) if (value !== NOTHING) candidates.add(value)
  // An unseen write of unknown outcome may also have set the value. Listing all of these would not help a person.
  const unseen = unseenWrites(part)
  for (let i = 0; i < recent.length; i++) {
    if (recent.writes[i] !== NOTHING && !unseen.has(recent.row[i])) candidates.add(recent.writes[i])
  }
  const states: Json[] = []
  for (const value of candidates) {
    // Includes all earlier reads of the value, because they show when the value was present.
    const seen = rows.filter((i) => before.expects[i] === value)
    const query = withRead(restrict(before, complete([...window, ...seen])), value, part.calls[culprit])
    const impossible = violatesLinearizability(query, decoder.value, budget, stepsFor(query))
    if (impossible === 'unknown') return undefined
    // The register may still hold its unknown initial value, which may be any value.
    if (!impossible && part.anyStart && value === part.initial) return undefined
    if (!impossible) states.push(decoder.value(before.names[value]))
  }
  return states
}

function unseenWrites(part: Encoded): ReadonlySet<number> {
  const observed = new Set(part.expects)
  const rows = new Set<number>()
  for (let i = 0; i < part.length; i++) {
    if (part.returns[i] === NEVER && !observed.has(part.writes[i])) rows.add(part.row[i])
  }
  return rows
}

function withRead(encoded: Encoded, value: number, at: number): Encoded {
  const last = <Column extends Int32Array | Uint8Array>(column: Column, item: number): Column => {
    const longer = column.constructor as new (length: number) => Column
    const made = new longer(column.length + 1)
    made.set(column)
    made[column.length] = item
    return made
  }
  return {
    ...encoded,
    length: encoded.length + 1,
    row: last(encoded.row, -1),
    kind: last(encoded.kind, READ),
    expects: last(encoded.expects, value),
    writes: last(encoded.writes, NOTHING),
    key: last(encoded.key, encoded.key[0] ?? 0),
    clients: later(() => last(encoded.clients(), -1)),
    calls: last(encoded.calls, at),
    returns: last(encoded.returns, at + 1),
  }
}
