import { FAIL, inputOf, type Json } from '@chaos/history'
import type { Budget } from '../budget.ts'
import { CAS, type Decoder, DIFFERS, type Encoded, NEVER, NOTHING, prefix, READ, restrict } from '../encoded.ts'
import { violatesLinearizability } from '../linearizable/small.ts'
import type { Counterexample } from '../verdict.ts'
import { reduce } from './reduce.ts'
import { createWords, show, span } from './words.ts'

/** Steps that deciding one candidate set may take, for each of its operations; harder candidates are not used. */
const STEPS_EACH = 400

/**
 * Explains why one key is not linearizable: the history up to the first return that nothing explains, cut down.
 * `culpritReturn` is that return's event in `part`.
 */
export function explainLinearizability(
  part: Encoded,
  culpritReturn: number,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  const jsonOf = decoder.value
  const operations = prefix(part, culpritReturn)
  const contradicts = (some: Encoded): boolean =>
    violatesLinearizability(some, jsonOf, budget, STEPS_EACH * (some.length + 10)) === true
  const { shown, core } = reduce({ operations, rule: 'real time', jsonOf, contradicts }, budget)
  const set = restrict(operations, shown)
  const culprit = set.returns.indexOf(culpritReturn)
  const keyName = decoder.keyName(part.key[0])
  return {
    level: 'linearizable',
    sentence: sentenceOf(set, culprit, part, decoder),
    operations: shown.map((i) => ({
      operation: operations.row[i],
      role: core.has(i) ? ('core' as const) : ('context' as const),
    })),
    keys: keyName === undefined ? [] : [keyName],
    culprit: culprit === -1 ? undefined : set.row[culprit],
    statesBefore: culprit === -1 ? undefined : statesBefore(set, culprit, decoder, budget),
  }
}

/** The sentence is about the last observation: the culprit, or where that wrote, the last one before it. */
function sentenceOf(set: Encoded, culprit: number, whole: Encoded, decoder: Decoder): string {
  const words = createWords(decoder)
  const { operations } = decoder.history
  const observation = lastObservation(set, culprit)
  if (observation === -1) return `No order of these ${set.length} operations is legal.`
  const row = set.row[observation]
  const did = `${words.did(row, set.kind[observation])} at ${words.calledAt(row)}`
  if (set.kind[observation] === DIFFERS) return `${did}, though no value but that one was possible then.`
  const value = set.expects[observation]
  const said = show(decoder.value(set.names[value]))

  if (value !== set.initial && !set.hasAppend) {
    const writer = earliestWriter(whole, value)
    if (writer === -1)
      return `${did}, ${failedWrite(decoder, row, set.names[value]) ?? `but nobody ever wrote ${said}`}.`
    if (whole.calls[writer] > returnIn(whole, row)) {
      const early = span(operations.callTime[whole.row[writer]] - operations.returnTime[row])
      const answered = `${words.did(row, READ)}, answered at ${words.returnedAt(row)}`
      return `${answered}, ${early} before ${words.the(whole.row[writer], whole.kind[writer])} was called.`
    }
  }
  const newer = newestBefore(set, observation)
  if (newer !== -1) {
    const newerRow = set.row[newer]
    const gap = span(operations.callTime[row] - operations.returnTime[newerRow])
    if (set.kind[newer] === READ) return `${did}, ${gap} after ${words.did(newerRow, READ)}.`
    return `${did}, ${gap} after ${words.acknowledged(newerRow, set.kind[newer])}.`
  }
  return `${did}, which fits no order of these ${set.length} operations.`
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

/** What completed last before the call of an observation, and left another value: writes rather than reads. */
function newestBefore(set: Encoded, observation: number): number {
  const value = set.expects[observation]
  let newest = -1
  let read = -1
  for (let i = 0; i < set.length; i++) {
    if (set.returns[i] >= set.calls[observation]) continue
    const k = set.kind[i]
    if (k === READ) {
      if (set.expects[i] !== value && (read === -1 || set.returns[i] > set.returns[read])) read = i
    } else if (k !== DIFFERS && set.writes[i] !== value) {
      if (newest === -1 || set.returns[i] > set.returns[newest]) newest = i
    }
  }
  return newest === -1 ? read : newest
}

function failedWrite(decoder: Decoder, row: number, name: number): string | undefined {
  const { history } = decoder
  const { operations } = history
  for (let i = 0; i < operations.length; i++) {
    if (operations.outcome[i] !== FAIL || operations.key[i] !== operations.key[row]) continue
    const input: Json = inputOf(history, i)
    const written = history.functions[operations.f[i]] === 'cas' && Array.isArray(input) ? input[1] : input
    if (history.functions[operations.f[i]] === 'read' || written === null || written === undefined) continue
    if (history.values.id(written) === name) return `but ${createWords(decoder).the(i, CAS)} had failed`
  }
  return undefined
}

/** The values that some order of the operations shown allows at the moment before the culprit was called. */
function statesBefore(set: Encoded, culprit: number, decoder: Decoder, budget: Budget): readonly Json[] | undefined {
  if (set.hasAppend) return undefined
  const before = prefix(set, set.calls[culprit] - 1)
  const candidates = new Set<number>([set.initial])
  for (let i = 0; i < before.length; i++)
    if (before.kind[i] !== READ && before.kind[i] !== DIFFERS) candidates.add(before.writes[i])
  const states: Json[] = []
  for (const value of candidates) {
    const asked = withRead(before, value, set.calls[culprit])
    const impossible = violatesLinearizability(asked, decoder.value, budget, STEPS_EACH * (asked.length + 10))
    if (impossible === 'unknown') return undefined
    if (!impossible) states.push(decoder.value(set.names[value]))
  }
  return states
}

/** The same history, and then a read of that value. */
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
    process: last(encoded.process, -1),
    calls: last(encoded.calls, at),
    returns: last(encoded.returns, at + 1),
  }
}
