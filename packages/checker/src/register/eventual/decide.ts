import { FLAG_FINAL, type Json, OK } from '@chaosproxy/history'
import { APPEND, type Decoder, type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import { addTo } from '../../encoding/lists.ts'
import { type Convergences, unknownConvergences } from '../../judge/judge-consistency.ts'
import type { LostWrite } from '../../judge/report.ts'
import type { Budget } from '../../limits/budget.ts'
import { MOST_NAMED, NO_FINAL_READS, noFinalRead, type Reason } from '../../verdict/reason.ts'
import { type Counterexample, unknownBecause, type Verdict } from '../../verdict/verdict.ts'
import { appendText } from '../replay/appends.ts'
import { disagreement, FROM_THE_START, failedWriter, type Key, superseded, thinAir } from './explain.ts'

/**
 * Decides convergence and eventual consistency from the final reads. Convergence: all final reads of a key agree.
 * Eventual consistency (Vogels 2009; Bailis & Ghodsi 2013): they agree on a value that a write wrote (or on the initial
 * value, which may be any value if unknown). In real time, the value must not have been overwritten: no acknowledged
 * write of another value was called after all writes of this value had returned. With appends, the text must contain
 * every acknowledged append that no write can have replaced.
 *
 * @throws OutOfTime
 */
export function decideConvergence(encoded: Encoded, decoder: Decoder, budget: Budget): Convergences {
  const finals = finalReads(encoded, decoder, budget)
  if (finals.size === 0) {
    return unknownConvergences(NO_FINAL_READS)
  }
  const keys = keysOf(encoded, budget)
  const lost: LostWrite[] = []
  let wrong: Counterexample | undefined
  let apart: Counterexample | undefined
  const agreed: { readonly key: string | undefined; readonly value: Json }[] = []
  for (const [key, reads] of finals) {
    const operations = keys.get(key) ?? []
    const judged = judgeKey({ encoded, decoder, key, operations, reads }, budget)
    for (const write of judged.lost) lost.push(write)
    wrong ??= judged.wrong
    apart ??= judged.apart
    agreed.push({ key: decoder.keyName(key), value: decoder.value(encoded.names[encoded.expects[reads[0]]]) })
  }
  const found = (counterexample: Counterexample | undefined, otherwise: Verdict): Verdict =>
    counterexample === undefined ? otherwise : { result: 'violated', counterexample }
  const isOwed = ([key, operations]: readonly [number, readonly number[]]): boolean =>
    !finals.has(key) && operations.some((i) => isAcknowledged(encoded, i))
  const unread = [...keys].filter(isOwed).map(([key]) => key)
  const owed = owedFor(unread.slice(0, MOST_NAMED).map(decoder.keyName), unread.length)
  if (owed !== undefined) {
    const unknown: Verdict = unknownBecause(owed)
    return { eventual: found(wrong, unknown), convergent: found(apart, unknown), owed, lost }
  }
  const met: Verdict = { result: 'met', witness: { kind: 'convergence', values: agreed } }
  return { eventual: found(wrong, met), convergent: found(apart, met), owed: undefined, lost }
}

/** The number of keys with final reads, and the number of keys that have acknowledged writes but lack final reads. */
export interface FinallyRead {
  readonly read: number
  readonly unread: number
  /** The first keys without a final read, with the call of their first operation. */
  readonly firstUnread: readonly { readonly key: string | null; readonly call: number }[]
}

/** @throws OutOfTime */
export function finallyRead(encoded: Encoded, decoder: Decoder, budget: Budget): FinallyRead {
  const finals = finalReads(encoded, decoder, budget)
  const owed = new Set<number>()
  for (let i = 0; i < encoded.length; i++) {
    budget.tick()
    if (isAcknowledged(encoded, i) && !finals.has(encoded.key[i])) owed.add(encoded.key[i])
  }
  const named = new Set<number>()
  const firstUnread: { readonly key: string | null; readonly call: number }[] = []
  for (let i = 0; i < encoded.length && named.size < Math.min(MOST_NAMED, owed.size); i++) {
    budget.tick()
    const key = encoded.key[i]
    if (!owed.has(key) || named.has(key)) continue
    named.add(key)
    firstUnread.push({ key: decoder.keyName(key) ?? null, call: encoded.calls[i] })
  }
  return { read: finals.size, unread: owed.size, firstUnread }
}

/** Returns why convergence is unknown: some keys lack a final read. Names the first of them. */
export const owedFor = (keys: readonly (string | undefined)[], unread: number): Reason | undefined =>
  unread === 0 ? undefined : noFinalRead('successful final read', keys, unread)

function finalReads(encoded: Encoded, decoder: Decoder, budget: Budget): Map<number, number[]> {
  const { flags, outcome } = decoder.history.operations
  const finals = new Map<number, number[]>()
  for (let i = 0; i < encoded.length; i++) {
    budget.tick()
    const row = encoded.row[i]
    if ((flags[row] & FLAG_FINAL) === 0 || encoded.kind[i] !== READ || outcome[row] !== OK) continue
    addTo(finals, encoded.key[i], i)
  }
  return finals
}

function keysOf(encoded: Encoded, budget: Budget): Map<number, number[]> {
  const keys = new Map<number, number[]>()
  for (let i = 0; i < encoded.length; i++) {
    budget.tick()
    addTo(keys, encoded.key[i], i)
  }
  return keys
}

/**
 * Judges one key. If the key violates eventual consistency, `wrong` is a counterexample. If it violates convergence,
 * `apart` is a counterexample.
 */
function judgeKey(
  input: Key,
  budget: Budget,
): {
  readonly wrong?: Counterexample
  readonly apart?: Counterexample
  readonly lost: readonly LostWrite[]
} {
  const { encoded, reads } = input
  const values = new Map<number, number[]>()
  for (const read of reads) {
    addTo(values, encoded.expects[read], read)
  }
  const lastWriter = lastWriters(input, [...values.keys()], budget)
  const stays = encoded.hasAppend ? staysOf(input, budget) : undefined
  const lost = lostWrites(input, lastWriter, stays, budget)
  const isApart = values.size > 1
  const disagree = (level: 'eventual' | 'convergent'): Counterexample => disagreement(input, level, values, lastWriter)
  const apart = isApart ? { apart: disagree('convergent') } : {}
  // Looks first for values that nobody wrote, because a single read shows this violation.
  for (const [value, some] of values) {
    if (!lastWriter.has(value)) return { ...apart, wrong: thinAir({ ...input, reads: some }, value), lost }
  }
  if (isApart) return { ...apart, wrong: disagree('eventual'), lost }
  const value = encoded.expects[reads[0]]
  const writer = lastWriter.get(value) ?? FROM_THE_START
  const after = supersededBy(input, value, writer, budget)
  if (after !== undefined) return { wrong: superseded(input, value, writer, after), lost }
  const isAbsent = absentFrom(input, value)
  const missing = input.operations.findLast((i) => {
    budget.tick()
    return stays !== undefined && mustBeIn(input, i, stays) && isAbsent(i)
  })
  if (missing !== undefined) return { wrong: superseded(input, value, FROM_THE_START, missing), lost }
  return { lost }
}

/**
 * Every final read must contain the acknowledged appends called after event `after` and returned before event `before`.
 */
interface Stays {
  readonly after: number
  readonly before: number
}

function staysOf({ encoded, operations, reads }: Key, budget: Budget): Stays {
  let after = FROM_THE_START
  for (const i of operations) {
    budget.tick()
    if (isWrite(encoded, i) && encoded.kind[i] !== APPEND) after = Math.max(after, encoded.returns[i])
  }
  return { after, before: reads.reduce((first, read) => Math.min(first, encoded.calls[read]), NEVER) }
}

/** Reports whether every final read must contain what an operation appended. */
const mustBeIn = ({ encoded }: Key, i: number, { after, before }: Stays): boolean =>
  encoded.kind[i] === APPEND && encoded.calls[i] > after && encoded.returns[i] < before

/** By value: among the operations that may have produced it, the operation that returned last. */
function lastWriters(input: Key, values: readonly number[], budget: Budget): ReadonlyMap<number, number> {
  const { encoded, operations } = input
  const last = new Map<number, number>()
  const consider = (value: number, writer: number): void => {
    const known = last.get(value)
    if (known === undefined || returnOf(encoded, writer) > returnOf(encoded, known)) last.set(value, writer)
  }
  if (values.includes(encoded.initial)) consider(encoded.initial, FROM_THE_START)
  const done = (): ReadonlyMap<number, number> => {
    // A value that was never written must be the initial one.
    if (encoded.anyStart) for (const value of values) if (!last.has(value)) consider(value, FROM_THE_START)
    return last
  }
  if (encoded.hasAppend) {
    for (const value of values) {
      for (const i of operations) {
        budget.tick()
        if (isWrite(encoded, i) && mayHaveLeft(input, i, value)) consider(value, i)
      }
    }
    return done()
  }
  const wanted = new Set(values)
  for (const i of operations) {
    budget.tick()
    if (isWrite(encoded, i) && wanted.has(encoded.writes[i])) consider(encoded.writes[i], i)
  }
  return done()
}

const returnOf = (encoded: Encoded, operation: number): number =>
  operation === FROM_THE_START ? -1 : encoded.returns[operation]

const mayHaveLeft = ({ encoded, decoder }: Key, operation: number, value: number): boolean => {
  if (encoded.kind[operation] !== APPEND) return encoded.writes[operation] === value
  return textOf(encoded, decoder, value).endsWith(textOf(encoded, decoder, encoded.writes[operation]))
}

/**
 * Returns a function that tests whether a write left no trace in `value`, a final value. Without appends, only a write
 * of exactly this value leaves a trace. With appends, an append leaves a trace if the value contains its text; any
 * other write leaves a trace if the value begins with its text.
 */
function absentFrom({ encoded, decoder }: Key, value: number): (operation: number) => boolean {
  if (!encoded.hasAppend) return (operation) => encoded.writes[operation] !== value
  const text = textOf(encoded, decoder, value)
  return (operation) => {
    const written = textOf(encoded, decoder, encoded.writes[operation])
    return encoded.kind[operation] === APPEND ? !text.includes(written) : !text.startsWith(written)
  }
}

const textOf = (encoded: Encoded, decoder: Decoder, value: number): string =>
  appendText(decoder.value(encoded.names[value]))

const isWrite = (encoded: Encoded, operation: number): boolean => encoded.writes[operation] !== NOTHING

const isAcknowledged = (encoded: Encoded, operation: number): boolean =>
  isWrite(encoded, operation) && encoded.returns[operation] !== NEVER

/**
 * Returns the last write that superseded `value`, if there is one. Such a write was acknowledged and left no trace in
 * the value (see `absentFrom`). It was called after all writers of the value had returned, and returned before the last
 * final read was called.
 */
function supersededBy(input: Key, value: number, lastWriter: number, budget: Budget): number | undefined {
  const { encoded, operations, reads } = input
  const settled = returnOf(encoded, lastWriter)
  const lastRead = reads.reduce((last, read) => Math.max(last, encoded.calls[read]), -1)
  const isAbsent = absentFrom(input, value)
  return operations.findLast((i) => {
    budget.tick()
    if (encoded.returns[i] > lastRead) return false
    return isAcknowledged(encoded, i) && encoded.calls[i] > settled && isAbsent(i)
  })
}

/**
 * Returns the lost writes of a key. A lost write was acknowledged before the first final read was called, but no final
 * read shows it, although nothing can have replaced it. Nothing can have replaced a write in two cases:
 *
 * - The write was called after all writers of the final values had returned, and returned after the call of the last
 *   acknowledged overwriting write.
 * - The write is an append that was called after all overwriting writes had returned (see `mustBeIn`).
 */
function lostWrites(
  input: Key,
  lastWriter: ReadonlyMap<number, number>,
  stays: Stays | undefined,
  budget: Budget,
): readonly LostWrite[] {
  const { encoded, decoder, operations, reads } = input
  const values = [...new Set(reads.map((read) => encoded.expects[read]))]
  let settled = Number.NEGATIVE_INFINITY
  for (const writer of lastWriter.values()) settled = Math.max(settled, returnOf(encoded, writer))
  // A write that was reported as failed took effect nevertheless.
  for (const value of values) {
    const failed = lastWriter.has(value) ? undefined : failedWriter(input, value)
    if (failed !== undefined) settled = Math.max(settled, decoder.history.operations.returnEvent[failed])
  }
  const acknowledged = operations.filter((i) => isAcknowledged(encoded, i))
  const absences = values.map((value) => absentFrom(input, value))
  const isKept = (i: number): boolean => stays !== undefined && mustBeIn(input, i, stays)
  const firstRead = reads.reduce((first, read) => Math.min(first, encoded.calls[read]), NEVER)
  let latestCall = -1
  for (const i of acknowledged) if (encoded.kind[i] !== APPEND) latestCall = encoded.calls[i]
  return acknowledged
    .filter((i) => {
      budget.tick()
      const mayBeReplaced = encoded.calls[i] <= settled || encoded.returns[i] < latestCall
      if (encoded.returns[i] > firstRead || (mayBeReplaced && !isKept(i))) return false
      // Without appends, no final read can show write `i`, because all writers of the final values returned before `i`
      // was called.
      return !encoded.hasAppend || absences.every((isAbsent) => isAbsent(i))
    })
    .map((i) => ({
      key: decoder.keyName(input.key),
      value: decoder.value(encoded.names[encoded.writes[i]]),
      operation: encoded.row[i],
      ...(isKept(i) ? { isAppend: true as const } : {}),
    }))
}
