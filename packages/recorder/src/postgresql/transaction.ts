import { foundOrMade, type Json, meaningOf, type Nanos, readsWhole } from '@chaosproxy/history'
import {
  type Call,
  type Completions,
  type Interpretation,
  joined,
  notUnderstood,
  ok,
  type Touches,
  UNSAID,
  type Understanding,
} from '../record/call.ts'
import type { Part, Step } from './part.ts'
import type { Done, RowStep } from './row-step.ts'

/** A statement of a transaction. `interpretation` is set when its answer arrives. */
export interface Executed {
  readonly step: Step
  interpretation: Interpretation | undefined
  /** The effect on rows, if whole transactions are recorded. */
  readonly row?: RowStep | undefined
  done?: Done | undefined
  readonly requestedAt: Nanos
  answeredAt?: Nanos | undefined
  isUndone?: boolean | undefined
}

export interface Collapsed {
  readonly understanding: (who: { readonly session: string | undefined }) => Understanding
  /** Returns the completions from the replies. Called after the commit. */
  readonly completions: () => Completions
}

interface Group {
  readonly call: Call
  readonly completion: () => Interpretation
}

export interface CollapseOptions {
  /** Whether a transaction's reads and writes of a key become one atomic operation. */
  readonly areAtomic: boolean
  /** Whether savepoints, or a COMMIT among other statements, hide which statements take effect. */
  readonly isTangled: boolean
}

export function collapsed(all: readonly Executed[], { areAtomic, isTangled }: CollapseOptions): Collapsed {
  const untangled = followed(all, areAtomic)
  if (!isTangled || !all.some(changes)) return untangled
  const { understanding } = notCollapsed(TANGLED.what, TANGLED.why, joined(all.map(reached)))
  return { ...untangled, understanding }
}

const TANGLED = {
  what: 'a transaction with savepoints, or with a COMMIT among other statements of one request',
  why: 'its effect is not tracked; send BEGIN and COMMIT each in a request of its own, and use no savepoints',
}

const changes = ({ step }: Executed): boolean =>
  step.kind === 'other' ? step.touches !== 'nothing' : step.part.writes !== 'nothing'

const reached = ({ step }: Executed): Touches => (step.kind === 'other' ? step.touches : { keys: [step.part.key] })

function followed(all: readonly Executed[], areAtomic: boolean): Collapsed {
  const operations = all.flatMap(({ step }) => (step.kind === 'operation' ? [step] : []))
  const touching = all.flatMap(({ step }) => (step.kind === 'other' && step.touches !== 'nothing' ? [step] : []))
  const [touch] = touching
  if (touch !== undefined) {
    const touches = joined([
      ...touching.map((step) => step.touches),
      ...operations.filter(({ part }) => part.writes !== 'nothing').map(({ part }) => ({ keys: [part.key] })),
    ])
    return notCollapsed(touch.what, touch.why, touches)
  }
  const groups = [...byKey(all).values()].map((parts) =>
    areAtomic
      ? groupOf(parts)
      : // Each statement is a separate operation.
        parts.map(alone),
  )
  const broken = groups.find((group): group is Broken => 'why' in group)
  if (broken !== undefined) {
    const written = operations.filter(({ part }) => part.writes !== 'nothing')
    const keys = [...new Set(written.map(({ part }) => part.key))]
    return notCollapsed(`a transaction of ${all.length} statements, among them ${broken.what}`, broken.why, { keys })
  }
  const whole = groups.flatMap((group) => ('why' in group ? [] : group))
  const [first, ...rest] = whole.map(({ call }) => call)
  if (first === undefined) return passedOn(all)
  return {
    understanding: ({ session }) => ({ kind: 'operations', calls: [first, ...rest], session }),
    completions: () => (whole.length === 1 ? (whole[0]?.completion() ?? []) : whole.map((group) => group.completion())),
  }
}

interface Broken {
  readonly what: string
  readonly why: string
}

/** A transaction that is not recorded as operations. */
export const unrecorded = (understanding: Understanding): Collapsed => ({
  understanding: () => understanding,
  completions: () => [],
})

const notCollapsed = (what: string, why: string, touches: Touches): Collapsed =>
  unrecorded({ kind: 'not-understood', what, why, touches })

function passedOn(all: readonly Executed[]): Collapsed {
  for (const { step } of all)
    if (step.kind === 'other' && step.why !== '') return notCollapsed(step.what, step.why, 'nothing')
  const [first] = all
  const what = first === undefined ? 'an empty transaction' : first.step.what
  return unrecorded({ kind: 'passed-on', what, touches: 'nothing' })
}

type PartOf = { readonly executed: Executed; readonly part: Part; readonly what: string }

function byKey(all: readonly Executed[]): ReadonlyMap<string, readonly PartOf[]> {
  const keys = new Map<string, PartOf[]>()
  for (const executed of all) {
    const { step } = executed
    if (step.kind !== 'operation') continue
    const { part, what } = step
    foundOrMade(keys, part.key, () => []).push({ executed, part, what })
  }
  return keys
}

const alone = ({ executed, part }: PartOf): Group => ({
  call: part.call,
  completion: () => executed.interpretation ?? UNANSWERED,
})

const UNANSWERED: Interpretation = { type: 'info', error: 'the statement was not answered' }

/** Groups the statements on one key into operations. */
function groupOf(parts: readonly PartOf[]): readonly Group[] | Broken {
  const [only, another] = parts
  if (only === undefined || another === undefined) return parts.map(alone)
  const key = only.part.key
  // Additions to a counter are not merged with reads.
  const isAddition = ({ part }: PartOf): boolean => meaningOf(part.call.f)?.effect === 'adds'
  if (parts.every((each) => isAddition(each) || readsWhole(each.part.call.f))) {
    if (parts.some(isAddition)) return parts.map(alone)
    return [{ call: only.part.call, completion: () => sameRead(parts) }]
  }
  const firstWrite = parts.findIndex(({ part }) => part.writes !== 'nothing')
  const writes = parts.slice(firstWrite).filter(({ part }) => part.writes !== 'nothing')
  const reads = parts.slice(0, firstWrite)
  const last = writes.at(-1)
  const isSum = writes.some(({ part }) => part.writes === 'unsaid')
  if (last === undefined || (isSum && writes.length > 1))
    return { what: last?.what ?? only.what, why: 'it adds to one row more than once; commit each addition by itself' }
  const { writes: written } = last.part
  if (reads.length === 0) {
    if (writes.length === 1) return [alone(last)]
    // Merge several writes into one operation only if each sets a value without a condition. The merged operation would
    // apply a condition to the value before the first write.
    const isPlain = writes.every(({ part }) => part.call.f === 'write')
    if (!isPlain) return { what: last.what, why: 'it changes one row more than once; commit each change by itself' }
    return [{ call: last.part.call, completion: () => lastWrite(writes) }]
  }
  const value = typeof written === 'object' ? [written.value] : UNSAID
  return [{ call: { f: 'cas', key, value }, completion: () => readThenWritten(reads, writes) }]
}

/** Returns the result of several reads of a key. They must be equal. */
function sameRead(reads: readonly PartOf[]): Interpretation {
  const [first, ...rest] = reads.map(({ executed }) => executed.interpretation ?? UNANSWERED)
  if (first === undefined || first.type !== 'ok' || !('value' in first)) return first ?? UNANSWERED
  const isSame = rest.every(
    (interpretation) =>
      interpretation.type === 'ok' &&
      'value' in interpretation &&
      JSON.stringify(interpretation.value) === JSON.stringify(first.value),
  )
  return isSame ? first : DIFFERENT
}

const DIFFERENT = notUnderstood(
  'two reads of one row in a transaction saw different values, which READ COMMITTED allows. Read the row only once, or lock it at the first read (FOR UPDATE). Or, if the reads need not agree, add "transactions":"apart" beside "table"',
)

/** The written values in order, if all are known. */
function effects(writes: readonly PartOf[]): readonly Json[] | undefined {
  const values: Json[] = []
  for (const { executed, part } of writes) {
    const { interpretation } = executed
    if (interpretation?.type === 'fail' && interpretation.answered === true) continue
    if (interpretation?.type !== 'ok' || !('value' in interpretation)) return undefined
    if (typeof part.writes === 'object') values.push(part.writes.value)
    else if (Array.isArray(interpretation.value)) values.push((interpretation.value as readonly Json[]).at(-1) ?? null)
  }
  return values
}

function lastWrite(writes: readonly PartOf[]): Interpretation {
  const values = effects(writes)
  const last = writes.at(-1)
  if (values === undefined || last === undefined) return UNCLEAR
  if (values.length === 0) return last.executed.interpretation ?? UNANSWERED
  return last.executed.interpretation?.type === 'ok' ? last.executed.interpretation : UNCLEAR
}

function readThenWritten(reads: readonly PartOf[], writes: readonly PartOf[]): Interpretation {
  const read = sameRead(reads)
  if (read.type !== 'ok' || !('value' in read)) return read
  const values = effects(writes)
  if (values === undefined) return UNCLEAR
  // If no write took effect, record a cas from the read value to the same value.
  return ok([read.value, values.at(-1) ?? (values.length === 0 ? read.value : null)])
}

const UNCLEAR = notUnderstood('one of the statements of its transaction is not understood')
