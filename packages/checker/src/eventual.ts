import { FLAG_FINAL, type Json, OK } from '@chaos/history'
import { capital, createWords, show, span } from './counterexample/words.ts'
import { APPEND, type Decoder, DIFFERS, type Encoded, NEVER, NOTHING, READ } from './encoded.ts'
import { appendText } from './linearizable/appends.ts'
import type { Counterexample, LostWrite, Verdict } from './verdict.ts'

export interface Convergence {
  readonly verdict: Verdict
  readonly lost: readonly LostWrite[]
}

/**
 * Eventual consistency, as final reads show it (Vogels 2009; Bailis & Ghodsi 2013): all final reads of a key agree, on a
 * value that some write really wrote (or the initial one), and not on one that an acknowledged write of another value
 * came strictly after in real time, whichever of its writers it is from.
 */
export function decideEventual(encoded: Encoded, decoder: Decoder): Convergence {
  const finals = finalReads(encoded, decoder)
  if (finals.size === 0) {
    return { verdict: { result: 'unknown', reason: 'the history has no successful final reads' }, lost: [] }
  }
  const keys = keysOf(encoded)
  const lost: LostWrite[] = []
  let first: Counterexample | undefined
  const agreed: { readonly key: string | undefined; readonly value: Json }[] = []
  for (const [key, reads] of finals) {
    const operations = keys.get(key) ?? []
    const judged = judgeKey({ encoded, decoder, key, operations, reads })
    lost.push(...judged.lost)
    first ??= judged.counterexample
    agreed.push({ key: decoder.keyName(key), value: decoder.value(encoded.names[encoded.expects[reads[0]]]) })
  }
  if (first !== undefined) return { verdict: { result: 'violated', counterexample: first }, lost }
  const unread = [...keys.keys()].filter((key) => !finals.has(key))
  if (unread.length > 0) {
    const names = unread.slice(0, 3).map((key) => decoder.keyName(key) ?? 'the object without a key')
    const more = unread.length > 3 ? ` and ${unread.length - 3} more keys` : ''
    return { verdict: { result: 'unknown', reason: `no successful final read of ${names.join(', ')}${more}` }, lost }
  }
  return { verdict: { result: 'met', witness: { kind: 'convergence', values: agreed } }, lost }
}

function finalReads(encoded: Encoded, decoder: Decoder): Map<number, number[]> {
  const { flags, outcome } = decoder.history.operations
  const finals = new Map<number, number[]>()
  for (let i = 0; i < encoded.length; i++) {
    const row = encoded.row[i]
    if ((flags[row] & FLAG_FINAL) === 0 || encoded.kind[i] !== READ || outcome[row] !== OK) continue
    const reads = finals.get(encoded.key[i])
    if (reads === undefined) finals.set(encoded.key[i], [i])
    else reads.push(i)
  }
  return finals
}

function keysOf(encoded: Encoded): Map<number, number[]> {
  const keys = new Map<number, number[]>()
  for (let i = 0; i < encoded.length; i++) {
    const operations = keys.get(encoded.key[i])
    if (operations === undefined) keys.set(encoded.key[i], [i])
    else operations.push(i)
  }
  return keys
}

interface Key {
  readonly encoded: Encoded
  readonly decoder: Decoder
  readonly key: number
  /** Everything done to the key, and the final reads among them. */
  readonly operations: readonly number[]
  readonly reads: readonly number[]
}

function judgeKey(input: Key): { readonly counterexample?: Counterexample; readonly lost: readonly LostWrite[] } {
  const { encoded, reads } = input
  const values = new Map<number, number[]>()
  for (const read of reads) {
    const same = values.get(encoded.expects[read])
    if (same === undefined) values.set(encoded.expects[read], [read])
    else same.push(read)
  }
  const superseding = [...values.keys()].map((value) => supersededBy(input, value))
  const lost = lostWrites(input, superseding)
  if (values.size > 1) return { counterexample: disagreement(input, values), lost }
  const value = encoded.expects[reads[0]]
  if (value !== encoded.initial && writersOf(input, value).length === 0) {
    return { counterexample: thinAir(input, value), lost }
  }
  const after = superseding[0]
  if (after.length > 0) return { counterexample: superseded(input, value, after), lost }
  return { lost }
}

/** Whether an operation may be what left this value behind. */
const mayHaveLeft = ({ encoded, decoder }: Key, operation: number, value: number): boolean => {
  if (encoded.kind[operation] !== APPEND) return encoded.writes[operation] === value
  return textOf(encoded, decoder, value).endsWith(textOf(encoded, decoder, encoded.writes[operation]))
}

/** Whether a key left with this value shows that an acknowledged write is not part of it. */
const isAbsentFrom = ({ encoded, decoder }: Key, operation: number, value: number): boolean => {
  if (!encoded.hasAppend) return encoded.writes[operation] !== value
  const text = textOf(encoded, decoder, value)
  const written = textOf(encoded, decoder, encoded.writes[operation])
  return encoded.kind[operation] === APPEND ? !text.includes(written) : !text.startsWith(written)
}

const textOf = (encoded: Encoded, decoder: Decoder, value: number): string =>
  appendText(decoder.value(encoded.names[value]))

const isWrite = (encoded: Encoded, operation: number): boolean =>
  encoded.kind[operation] !== READ && encoded.kind[operation] !== DIFFERS && encoded.writes[operation] !== NOTHING

const writersOf = (input: Key, value: number): readonly number[] =>
  input.operations.filter((i) => isWrite(input.encoded, i) && mayHaveLeft(input, i, value))

/** Acknowledged writes of something else, called after every writer of the value had returned. */
function supersededBy(input: Key, value: number): readonly number[] {
  const { encoded, operations } = input
  let settled = value === encoded.initial ? -1 : Number.NEGATIVE_INFINITY
  for (const writer of writersOf(input, value)) settled = Math.max(settled, encoded.returns[writer])
  if (settled === Number.NEGATIVE_INFINITY) return []
  return operations.filter(
    (i) =>
      isWrite(encoded, i) &&
      encoded.returns[i] !== NEVER &&
      encoded.calls[i] > settled &&
      isAbsentFrom(input, i, value),
  )
}

/**
 * Of the acknowledged writes that came after everything the replicas remember, the last ones: those before them were
 * rightly overwritten. Where several last ones overlapped, one of them should have stayed.
 */
function lostWrites(input: Key, superseding: readonly (readonly number[])[]): readonly LostWrite[] {
  const { encoded, decoder, operations } = input
  const gone = superseding.reduce((common, some) => common.filter((i) => some.includes(i)))
  let latestCall = -1
  for (const i of operations) {
    if (
      isWrite(encoded, i) &&
      encoded.returns[i] !== NEVER &&
      encoded.kind[i] !== APPEND &&
      encoded.calls[i] > latestCall
    )
      latestCall = encoded.calls[i]
  }
  return gone
    .filter((i) => encoded.returns[i] >= latestCall)
    .map((i) => ({
      key: decoder.keyName(input.key),
      value: decoder.value(encoded.names[encoded.writes[i]]),
      operation: encoded.row[i],
    }))
}

function disagreement(input: Key, values: ReadonlyMap<number, readonly number[]>): Counterexample {
  const { encoded } = input
  const groups = [...values].sort(([, a], [, b]) => b.length - a.length)
  const said = groups.map(([value, reads]) => `${readersOf(input, reads)} ${shown(input, value)}`)
  const shownReads = groups.map(([, reads]) => reads[reads.length - 1])
  return counterexample(input, {
    sentence: `After everything had healed, the replicas still disagreed${onKey(input)}: ${said.join(', but ')}.`,
    core: shownReads.slice(0, 2),
    context: [
      ...shownReads.slice(2),
      ...groups.flatMap(([value]) => (value === encoded.initial ? [] : writersOf(input, value).slice(-1))),
    ],
  })
}

function thinAir(input: Key, value: number): Counterexample {
  const { reads } = input
  return counterexample(input, {
    sentence: `After everything had healed, ${readersOf(input, reads)} ${shown(input, value)}${onKey(input)}, which no write that could have taken effect had written.`,
    core: [reads[0]],
    context: [],
  })
}

function superseded(input: Key, value: number, after: readonly number[]): Counterexample {
  const { encoded, decoder, reads } = input
  const words = createWords(decoder)
  const { operations } = decoder.history
  const last = after[after.length - 1]
  const row = encoded.row[last]
  const writers = writersOf(input, value)
  const lastWriter = writers.toSorted((a, b) => encoded.returns[a] - encoded.returns[b]).at(-1)
  const since =
    lastWriter === undefined
      ? ''
      : `, having been called ${span(operations.callTime[row] - operations.returnTime[encoded.row[lastWriter]])} after the last write of ${shown(input, value)} had returned`
  return counterexample(input, {
    sentence: `${words.acknowledged(row, encoded.kind[last])} at ${words.returnedAt(row)}${since}; yet after everything had healed, ${readersOf(input, reads)} ${shown(input, value)}${onKey(input)}: the acknowledged write is lost.`,
    core: [...writers, last, reads[0]],
    context: reads.slice(1),
  })
}

const onKey = ({ decoder, key }: Key): string => {
  const name = decoder.keyName(key)
  return name === undefined ? '' : ` for ${name}`
}

const shown = ({ encoded, decoder }: Key, value: number): string => show(decoder.value(encoded.names[value]))

/** `n1 and n3 read`, or the processes where no nodes are known. */
function readersOf({ encoded, decoder }: Key, reads: readonly number[]): string {
  const { history } = decoder
  const names = new Set(
    reads.map((read) => {
      const row = encoded.row[read]
      return (
        history.nodes[history.operations.node[row]] ?? `process ${history.processName(history.operations.process[row])}`
      )
    }),
  )
  const list = [...names]
  const last = list.pop()
  return `${list.length === 0 ? last : `${list.join(', ')} and ${last}`} read`
}

function counterexample(
  { encoded, decoder, key }: Key,
  said: { readonly sentence: string; readonly core: readonly number[]; readonly context: readonly number[] },
): Counterexample {
  const core = new Set(said.core)
  const all = [...new Set([...said.core, ...said.context])].sort((a, b) => a - b)
  const name = decoder.keyName(key)
  return {
    level: 'eventual',
    sentence: capital(said.sentence),
    operations: all.map((i) => ({ operation: encoded.row[i], role: core.has(i) ? 'core' : 'context' })),
    keys: name === undefined ? [] : [name],
    culprit: encoded.row[said.core[said.core.length - 1]],
  }
}
