import { type Fault, faultName } from '@chaosproxy/faults'
import { memberAt, numberAt, type Parsed, resultIn, textAt } from '@chaosproxy/runner/result'
import type { Mood } from '../facts/headline.ts'
import type { Next } from '../telling/next.ts'
import { isOutcome, moodOf } from '../telling/outcome.ts'
import { savedTelling } from '../telling/saved-telling.ts'
import { capitalised } from '../words.ts'

export interface ListedRun {
  /** Name of the run's directory, which identifies the run. */
  readonly name: string
  /** Start of the run, in ISO 8601; empty if unknown. */
  readonly startedAt: string
  readonly target: string
  readonly workload: string
  /** The names of the faults that took effect, as in `--faults`, without duplicates. */
  readonly faults: readonly string[]
  readonly seed: number | undefined
  readonly mood: Mood
  /** What users lost, or else the verdict. If the run has no result, the title says what its files show. */
  readonly title: string
  /** The level, which is shown below the title; empty if the title names the level. */
  readonly level: string
  /** The cause of the outcome. `next`: what the user can do. Both are empty if the run has no result. */
  readonly why: string
  readonly next: Next
  readonly operations: number | undefined
  readonly hasReport: boolean
  readonly hasHistory: boolean
  /** Whether the run has a result that can be compared with another. */
  readonly hasResult: boolean
  /**
   * For a run without a result, a command that accepts the run's files, and the path to give to it. The path is
   * relative to the directory whose runs are listed.
   */
  readonly remedy?: readonly [command: string, path: string] | undefined
}

export interface RunFiles {
  readonly name: string
  /** Content of `run.json`; undefined if it is missing or not JSON. */
  readonly runJson: unknown
  readonly hasRunJson: boolean
  readonly hasReport: boolean
  readonly hasHistory: boolean
  /** The replay files that `chaos fuzz` wrote, each with a description of the failure. */
  readonly found: readonly { readonly file: string; readonly text: string }[]
}

export function listedRun(files: RunFiles): ListedRun {
  const { name, runJson, hasReport, hasHistory } = files
  const result = resultIn(runJson)
  const places = { name, hasReport, hasHistory, hasResult: result !== undefined }
  if (result === undefined) return { ...places, ...unjudged(files) }
  const target = textAt(runJson, 'spec', 'target', 'name') ?? textAt(result, 'target') ?? ''
  const bug = textAt(runJson, 'spec', 'target', 'bug')
  return {
    ...places,
    startedAt: textAt(runJson, 'startedAt') ?? stampOf(name).startedAt,
    target: bug === undefined ? target : `${target} with the bug ${bug}`,
    workload: textAt(result, 'workload') ?? '',
    faults: faultsIn(result),
    seed: numberAt(result, 'seed'),
    ...summaryIn(result),
    operations: numberAt(result, 'operations', 'total'),
  }
}

function unjudged({ name, hasRunJson, hasHistory, found }: RunFiles): Omit<ListedRun, Place> {
  const { startedAt, target } = stampOf(name)
  const check = hasHistory ? (['check', name] as const) : undefined
  const nothing = {
    startedAt,
    target,
    workload: '',
    faults: [],
    seed: undefined,
    operations: undefined,
    level: '',
    why: '',
    next: { text: '' },
  }
  const [first] = found
  if (first !== undefined)
    return {
      ...nothing,
      mood: 'bad',
      title: capitalised(first.text),
      level: found.length === 1 ? '' : `and ${found.length - 1} more`,
      remedy: ['replay', `${name}/${first.file}`],
    }
  if (hasRunJson)
    return {
      ...nothing,
      mood: 'unsure',
      title: 'run.json cannot be read',
      level: 'damaged, or of another version',
      remedy: check,
    }
  return {
    ...nothing,
    mood: 'unsure',
    title: hasHistory ? 'No verdict' : 'Nothing recorded',
    level: hasHistory ? 'under way, or cut off' : 'the run did not start, or has asked for nothing yet',
    remedy: check,
  }
}

type Place = 'name' | 'hasReport' | 'hasHistory' | 'hasResult'

/** Parses the name of a directory: `20261120-074501-raft`. */
function stampOf(name: string): Pick<ListedRun, 'startedAt' | 'target'> {
  const [, year, month, day, hour, minute, second, target] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(.*)$/.exec(name) ?? []
  return year === undefined
    ? { startedAt: '', target: name }
    : { startedAt: `${year}-${month}-${day}T${hour}:${minute}:${second}Z`, target: target ?? name }
}

function faultsIn(result: Parsed): readonly string[] {
  const faults = memberAt(result, ['faults'])
  if (!Array.isArray(faults)) return []
  const names = faults.filter((record) => textAt(record, 'skipped') === undefined).map(nameOfRecord)
  return [...new Set(names.filter((name) => name !== undefined))]
}

/**
 * Returns the name of a record's fault in `--faults`. Falls back to the fault's kind, because another version may have
 * written the record.
 */
export function nameOfRecord(record: unknown): string | undefined {
  try {
    return faultName(memberAt(record, ['fault']) as Fault)
  } catch {
    return textAt(record, 'kind')
  }
}

/** Returns the outcome of a run in the words with which its report begins. */
function summaryIn(result: Parsed): Pick<ListedRun, 'mood' | 'title' | 'level' | 'why' | 'next'> {
  const { outcome, what, verdict, why, next } = savedTelling(result)
  return {
    mood: isOutcome(outcome) ? moodOf(outcome) : 'unsure',
    title: what,
    level: verdict === what ? '' : verdict,
    why,
    next,
  }
}
