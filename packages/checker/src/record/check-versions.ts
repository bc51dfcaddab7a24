import { FAIL, type History, OK, type ValueId } from '@chaosproxy/history'
import { withWrite } from '../encoding/cas-values.ts'
import { UNJUDGED } from '../encoding/operation-row.ts'
import { historyOfRows } from '../encoding/rows.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import { unknownBecause, type Verdict } from '../verdict/verdict.ts'
import {
  type Assignment,
  assigned,
  idOf,
  isCas,
  isRead,
  type LostVersions,
  lostVersionsOf,
  pairOf,
  writersOf,
} from './lost-versions.ts'

/**
 * The maximum number of judgements per version that must be assigned to a lost write. Each judges a part of the key's
 * history.
 */
const MOST_TRIED_FOR_EACH = 16

/** The share of the time for assigning versions to lost writes. */
const SEARCH_SHARE = 0.3

type Judge = (history: History, options: CheckOptions<string>) => Report<string>

/**
 * Judges a history of registers in which answers to writes of versions were lost. Each such write wrote one unknown
 * version, different from all others, or nothing. A level is met if some assignment of observed versions to lost writes
 * meets it. It is violated if every assignment violates it. It is also violated if the history violates it without the
 * unknown versions and the reads of them.
 *
 * @returns Undefined if no such answer was lost.
 */
export function checkVersions(
  history: History,
  options: CheckOptions<string>,
  judge: Judge,
): Report<string> | undefined {
  const keys = lostVersionsOf(history, options.initial)
  if (keys.size === 0) return undefined
  const chosen = new Map<number, ValueId>()
  const search: Search = { history, options, judge, deadline: options.now() + options.deadlineMs * SEARCH_SHARE }
  let isCertain = true
  for (const [key, versions] of keys) {
    const way = wayFor(key, versions, search)
    for (const [row, version] of way.assignment) chosen.set(row, version)
    isCertain &&= way.isCertain
  }
  const report = judge(assigned(history, keys, chosen), options)
  // At a level without real time, a read may return a version that is written only later. `wayFor` does not try such
  // assignments, so violations of these levels are doubtful.
  const doubtful = Object.entries(report.levels)
    .filter(([level, { result }]) => result === 'violated' && !(level === 'linearizable' && isCertain))
    .map(([level]) => level)
  if (doubtful.length === 0) return report
  return withoutDoubtful(report, judge(withoutVersions(history, keys), options), doubtful)
}

interface Search {
  readonly history: History
  readonly options: CheckOptions<string>
  readonly judge: Judge
  readonly deadline: number
}

interface Way {
  readonly assignment: Assignment
  /** False if `assignment` does not make the key linearizable, and not all other assignments were tried. */
  readonly isCertain: boolean
}

/**
 * Returns the first assignment of versions that makes the key linearizable. If there is none, returns the largest
 * partial assignment that did not contradict linearizability. Assigns versions in the order in which they were found.
 * After each version, the operations so far must be linearizable.
 */
function wayFor(key: number, versions: LostVersions, { history, options, judge, deadline }: Search): Way {
  const keys = new Map([[key, versions]])
  const narrow = { ...options, levels: ['linearizable'], staleness: false, explain: false }
  const { rows, found } = versions
  const taken = new Map<number, ValueId>()
  let longest: Assignment = new Map()
  let tried = 0
  let isCertain = true
  const isPossible = (cut?: number): boolean => {
    tried++
    const part = historyOfRows(assigned(history, keys, taken), rows, cut)
    return judge(part, narrow).levels['linearizable']?.result !== 'violated'
  }
  const goOn = (at: number, startIsFree: boolean): boolean => {
    if (taken.size >= longest.size) longest = new Map(taken)
    const version = found[at]
    if (version === undefined) return isPossible()
    const isNextPossible = (free: boolean): boolean => {
      if (tried > MOST_TRIED_FOR_EACH * (found.length + 1) || (tried > 0 && options.now() > deadline)) {
        isCertain = false
        return false
      }
      return isPossible(version.knownAt) && goOn(at + 1, free)
    }
    for (const row of writersOf(versions, version, taken)) {
      taken.set(row, version.id as ValueId)
      if (isNextPossible(startIsFree)) return true
      taken.delete(row)
    }
    return startIsFree && isNextPossible(false)
  }
  const isFound = goOn(0, isUnknownStart(options.initial))
  return { assignment: isFound ? taken : longest, isCertain: isFound || isCertain }
}

/**
 * The history without the lost writes, reads of unknown versions, and failed cas. An acknowledged cas that replaced an
 * unknown version becomes a write. Nothing in the resulting history depends on the lost answers. So if it violates a
 * level, the whole history violates the level, too.
 */
function withoutVersions(history: History, keys: ReadonlyMap<number, LostVersions>): History {
  const plain = assigned(history, keys, new Map())
  const { functions, write } = withWrite(plain)
  const f = plain.operations.f.slice()
  const input = plain.operations.input.slice()
  const outcome = plain.operations.outcome.slice()
  for (const { rows, found } of keys.values()) {
    const unknown = new Set(found.map(({ id }) => id))
    for (const row of rows) {
      if (isRead(plain, row)) {
        if (outcome[row] === OK && unknown.has(plain.operations.output[row])) outcome[row] = UNJUDGED
      } else if (isCas(plain, row)) {
        // A failed cas may have seen an unknown version.
        if (outcome[row] === FAIL) outcome[row] = UNJUDGED
        const [from, to] = pairOf(plain, input[row])
        if (outcome[row] !== OK || !unknown.has(idOf(plain, from))) continue
        f[row] = write
        input[row] = idOf(plain, to)
      }
    }
  }
  return { ...plain, functions, operations: { ...plain.operations, f, input, outcome } }
}

const UNSURE = unknownBecause(
  notRecorded(
    'answers to versioned writes were lost, so it is unknown which of these writes wrote the values that were read. To lose fewer answers for each key, use shorter faults or more keys',
  ),
)

/** Makes each doubtful level unknown, unless `certain`, the report without unknown versions, violates the level. */
function withoutDoubtful(report: Report<string>, certain: Report<string>, doubtful: readonly string[]): Report<string> {
  const levels: { [level: string]: Verdict } = { ...report.levels }
  for (const level of doubtful) {
    const verdict = certain.levels[level]
    levels[level] = verdict?.result === 'violated' ? verdict : UNSURE
  }
  const { headline, lost } =
    levels['eventual']?.result === 'violated' ? certain : { headline: report.headline, lost: [] }
  return { ...report, levels, headline, lost }
}
