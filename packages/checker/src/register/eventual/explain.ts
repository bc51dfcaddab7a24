import { duration, FAIL, functionOf, inputOf, meaningOf, writtenValue } from '@chaosproxy/history'
import type { Decoder, Encoded } from '../../encoding/encoded.ts'
import { ascending } from '../../encoding/lists.ts'
import type { Counterexample } from '../../verdict/verdict.ts'
import { capital, createWords, phrase, show, whereOrWho, who } from '../../verdict/words.ts'

export interface Key {
  readonly encoded: Encoded
  readonly decoder: Decoder
  readonly key: number
  readonly operations: readonly number[]
  readonly reads: readonly number[]
}

/** Stands for the writer of a value that existed before the first write. */
export const FROM_THE_START = -1

export function disagreement(
  input: Key,
  level: 'eventual' | 'convergent',
  values: ReadonlyMap<number, readonly number[]>,
  lastWriter: ReadonlyMap<number, number>,
): Counterexample {
  const groups = [...values].sort(([, a], [, b]) => b.length - a.length).slice(0, MOST_SHOWN)
  const groupTexts = groups.map(([value, reads]) => `${readersOf(input, reads)} ${valueText(input, value)}`)
  const more = values.size > groups.length ? `, and ${values.size - groups.length} more answers were given` : ''
  const lastReads = groups.map(([, reads]) => reads[reads.length - 1])
  return counterexample(input, level, {
    sentence: `The final reads disagreed${onKey(input)}: ${groupTexts.join(', but ')}${more}.`,
    core: lastReads.slice(0, 2),
    context: [
      ...lastReads.slice(2),
      ...groups.map(([value]) => lastWriter.get(value) ?? FROM_THE_START).filter((writer) => writer !== FROM_THE_START),
    ],
  })
}

/** The maximum number of different answers listed in a sentence. */
const MOST_SHOWN = 5

export function thinAir(input: Key, value: number): Counterexample {
  const { decoder, reads } = input
  const failed = failedWriter(input, value)
  const why =
    failed === undefined
      ? 'though no write of this value can have taken effect'
      : `which only ${who(decoder.history, failed)} had tried to write, and that write certainly failed`
  return counterexample(input, 'eventual', {
    sentence: `At the end, ${readersOf(input, reads)} ${valueText(input, value)}${onKey(input)}, ${why}.`,
    core: [reads[0]],
    context: [],
    rows: failed === undefined ? [] : [failed],
  })
}

/** Returns the row of the last failed writer of the value. Failed operations are not encoded. */
export function failedWriter({ encoded, decoder, key }: Key, value: number): number | undefined {
  const { operations, values } = decoder.history
  const name = encoded.names[value]
  const keyName = decoder.keyName(key)
  for (let row = operations.length - 1; row >= 0; row--) {
    if (operations.outcome[row] !== FAIL || decoder.history.keys[operations.key[row]] !== keyName) continue
    const f = functionOf(decoder.history, row)
    if (meaningOf(f)?.effect !== 'replaces') continue
    if (values.id(writtenValue(f, inputOf(decoder.history, row))) === name) return row
  }
  return undefined
}

export function superseded(input: Key, value: number, writer: number, after: number): Counterexample {
  const { encoded, decoder, reads } = input
  const words = createWords(decoder)
  const { operations } = decoder.history
  const row = encoded.row[after]
  const since =
    writer === FROM_THE_START
      ? ''
      : `, whose write had returned ${duration(operations.callTime[row] - operations.returnTime[encoded.row[writer]])} before the later write was called`
  return counterexample(input, 'eventual', {
    sentence: `${words.acknowledged(row, encoded.kind[after])} at ${words.returnedAt(row)}, but at the end ${readersOf(input, reads)} ${valueText(input, value)}${onKey(input)}${since}.`,
    core: [...(writer === FROM_THE_START ? [] : [writer]), after, reads[0]],
    context: reads.slice(1, MOST_SHOWN),
  })
}

const onKey = ({ decoder, key }: Key): string => phrase('for', decoder.keyName(key))

const valueText = ({ encoded, decoder }: Key, value: number): string => show(decoder.value(encoded.names[value]))

/** Names the readers: `n1 and n3 read`, or processes if the nodes are unknown. */
function readersOf({ encoded, decoder }: Key, reads: readonly number[]): string {
  const { history } = decoder
  const names = new Set(reads.map((read) => whereOrWho(history, encoded.row[read])))
  const list = [...names]
  if (list.length > MOST_SHOWN) list.splice(MOST_SHOWN - 1, list.length, `${list.length - MOST_SHOWN + 1} more`)
  const last = list.pop()
  return `${list.length === 0 ? last : `${list.join(', ')} and ${last}`} read`
}

function counterexample(
  { encoded, decoder, key }: Key,
  level: 'eventual' | 'convergent',
  parts: {
    readonly sentence: string
    readonly core: readonly number[]
    readonly context: readonly number[]
    /** Further operations to show as context, by their rows in the history. For operations that are not encoded. */
    readonly rows?: readonly number[] | undefined
  },
): Counterexample {
  const core = new Set(parts.core.map((i) => encoded.row[i]))
  const context = parts.context.map((i) => encoded.row[i])
  const all = ascending([...core, ...context, ...(parts.rows ?? [])])
  const name = decoder.keyName(key)
  return {
    level,
    sentence: capital(parts.sentence),
    operations: all.map((operation) => ({ operation, role: core.has(operation) ? 'core' : 'context' })),
    keys: name === undefined ? [] : [name],
    culprit: encoded.row[parts.core[parts.core.length - 1]],
  }
}
