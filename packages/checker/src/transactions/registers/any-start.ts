import type { ValueId } from '@chaosproxy/history'
import { range } from '../../encoding/lists.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { unknownBecause } from '../../verdict/verdict.ts'
import { keyText } from '../explanation/words.ts'
import { type Outcomes, violationOf } from '../levels/decide.ts'
import type { IsolationLevel } from '../levels/ladder.ts'
import type { Violation } from '../levels/situation.ts'
import { READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import type { Sources } from './sources.ts'

interface Decided {
  readonly outcomes: Outcomes
  readonly sources: Sources
}

interface FirstDecision {
  readonly levels: readonly IsolationLevel[]
  readonly first: Int32Array
  readonly found: Decided
  readonly decideFrom: (first: Int32Array) => Decided
}

const MOST_STARTS = 64

/**
 * Keeps only violations that hold for all initial values. A read of a written value may have seen an equal initial
 * value instead, so each value that is read in a contradiction is tried as the initial value.
 */
export function whateverTheStart(
  record: TransactionRecord,
  { levels, first, found, decideFrom }: FirstDecision,
): Outcomes {
  const { outcomes } = found
  let tries = 0
  /** Returns an initial value that may avoid the violation of the level, if there is one. */
  const wayOut = (level: IsolationLevel, from: Int32Array, { outcomes, sources }: Decided): Start | undefined => {
    const violated = violationOf(level, outcomes)
    if (violated === undefined) return SOME
    return startsOf(record, from, sources, violated).find(({ key, value }) => {
      const other = from.with(key, value)
      return tries-- <= 0 || wayOut(level, other, decideFrom(other)) !== undefined
    })
  }
  const sure = new Map(outcomes)
  const open = new Set([...levels, ...outcomes.keys()])
  for (const level of open) {
    const violated = violationOf(level, outcomes)
    if (violated === undefined) continue
    tries = MOST_STARTS
    const start = wayOut(level, first, found)
    sure.set(level, start === undefined ? violated : unknownBecause(notRecorded(unknownStartText(record, start))))
  }
  return sure
}

interface Start {
  readonly key: number
  readonly value: number
}

/** A placeholder for an unspecified initial value of an unspecified key. */
const SOME: Start = { key: -1, value: UNKNOWN }

/** Returns the values that the reads of a contradiction returned and that may be initial values. */
function startsOf(
  { starts, kind, key, value }: TransactionRecord,
  first: Int32Array,
  { findings }: Sources,
  { among }: Pick<Violation, 'among'>,
): readonly Start[] {
  const rows =
    among?.flatMap((t) => range(starts[t], starts[t + 1])) ??
    findings.names().flatMap((name) => findings.first(name)?.micro ?? [])
  const found = new Map<string, Start>()
  for (const row of rows)
    if (kind[row] === READ && first[key[row]] === UNKNOWN && value[row] !== UNKNOWN)
      found.set(`${key[row]} ${value[row]}`, { key: key[row], value: value[row] })
  return [...found.values()]
}

const unknownStartText = (record: TransactionRecord, { key, value }: Start): string =>
  key < 0
    ? 'the initial values are unknown, and some may explain all reads. Give them with --initial'
    : `the initial values are unknown. If ${keyText(record, key)} began with ${JSON.stringify(record.history.values.json(value as ValueId))}, no violation is known. Give the initial values with --initial`
