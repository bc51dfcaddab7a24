import { consistency, findModel, isolationLadder, type Report, rungs, verdictOf } from '@chaosproxy/checker'

/** Returns the levels that a report's judge decides, strongest first. */
export const judgedLevels = (report: Report<string>): readonly string[] => Object.keys(report.levels)

/** Returns the levels that are defined for the model. */
export function levelsOfModel(report: Report<string>): readonly string[] {
  const entry = findModel(report.model)
  const known: readonly string[] | undefined = (report.transactions === undefined ? entry : entry?.ofTransactions)
    ?.levels
  return judgedLevels(report).filter((level) => known === undefined || known.includes(level))
}

/** Returns the undecided levels that are not defined for the model. */
export function levelsNotOfModel(report: Report<string>): readonly string[] {
  const known = levelsOfModel(report)
  return judgedLevels(report).filter((level) => !known.includes(level) && verdictOf(report, level).result === 'unknown')
}

/** Returns the strongest level, which a report is about by default. */
export const strongestOf = (report: Report<string>): string => judgedLevels(report)[0] ?? ''

const alone: readonly string[] = consistency.implied.session

const consistencyLevels: readonly string[] = consistency.levels
const isolationLevels: readonly string[] = isolationLadder.levels

const summing = (report: Report<string>): readonly string[] =>
  judgedLevels(report).filter((level) => !alone.includes(level))

/**
 * Whether the levels are isolation levels. `causal` alone does not show this, because it is also a consistency level.
 */
export const haveIsolation = (levels: readonly string[]): boolean =>
  levels.some((level) => isolationLevels.includes(level) && !consistencyLevels.includes(level))

/** Returns the levels that no other given level implies. */
export function highest(levels: readonly string[]): readonly string[] {
  const implied: { readonly [level: string]: readonly string[] } = haveIsolation(levels)
    ? isolationLadder.implied
    : consistency.implied
  const below = new Set<string>()
  const pending = [...levels]
  for (let level = pending.pop(); level !== undefined; level = pending.pop())
    for (const weaker of implied[level] ?? []) {
      if (!below.has(weaker)) pending.push(weaker)
      below.add(weaker)
    }
  return levels.filter((level) => !below.has(level))
}

/** Returns the strongest level that is met; undefined if none is. */
export const foundLevel = (report: Report<string>): string | undefined =>
  summing(report).find((level) => verdictOf(report, level).result === 'met')

/** Returns the strongest transaction levels that are met. Empty for models without transactions. */
export const strongestMet = (report: Report<string>): readonly string[] =>
  (report.transactions?.strongest ?? []).filter((level) => verdictOf(report, level).result === 'met')

/**
 * Returns the strongest level that is met, followed by the undecided levels above it. If only session guarantees are
 * met, returns `only` and their name. For transactions, returns all strongest levels.
 */
export function foundText(report: Report<string>): string {
  if (report.transactions !== undefined) {
    const met = strongestMet(report)
    return met.length < 3 ? met.join(' and ') || 'no level' : `${met.slice(0, -1).join(', ')} and ${met.at(-1)}`
  }
  const [strongest, ...others] = judgedLevels(report)
  const broken = others.filter((level) => verdictOf(report, level).result === 'violated')
  if (!consistencyLevels.includes(strongest ?? '') && broken.length > 0) return `not ${broken.join(', not ')}`
  const found = foundLevel(report)
  const levels = summing(report)
  const above = found === undefined ? levels : levels.slice(0, levels.indexOf(found))
  const foreign = levelsNotOfModel(report)
  const open = above.filter((level) => verdictOf(report, level).result === 'unknown' && !foreign.includes(level))
  const undecided =
    open[0] === undefined ? '' : ` (undecided: ${open.length > 2 ? `${open[0]} and others` : open.join(', ')})`
  return `${found ?? guaranteesText(report)}${undecided}`
}

/** Returns the met session guarantees, for a history that meets no stronger level. */
function guaranteesText(report: Report<string>): string {
  const [met, ...others] = judgedLevels(report).filter(
    (level) => alone.includes(level) && verdictOf(report, level).result === 'met',
  )
  return met === undefined ? 'no level' : `only ${others.length === 0 ? met : 'session guarantees'}`
}

type IsolationLevel = (typeof isolationLadder.levels)[number]

/** A group of levels that a comparison of systems shows with the same sign, such as `◑`. */
export interface ComparedRung {
  /** The label of `sign` in a legend. */
  readonly name: string
  readonly sign: string
  /** Strongest first. */
  readonly compared: readonly string[]
}

/**
 * The groups of isolation levels in a comparison of systems. Session levels are left out. Each client of a comparison
 * stays with one node, where even a system with stale replicas often meets session levels.
 */
const isolationRungs: readonly (ComparedRung & { readonly compared: readonly IsolationLevel[] })[] = [
  { name: 'strict serializable', sign: '●', compared: ['strict-serializable'] },
  { name: 'serializable', sign: '⊖', compared: ['serializable', 'repeatable-read'] },
  {
    name: 'snapshot isolation to causal',
    sign: '◑',
    compared: [
      'strong-snapshot-isolation',
      'snapshot-isolation',
      'parallel-snapshot-isolation',
      ...(['prefix', 'causal'] as const),
    ],
  },
  {
    name: 'atomic view or cursor stability',
    sign: '◔',
    compared: ['read-atomic', 'monotonic-atomic-view', 'cursor-stability'],
  },
  { name: 'read committed', sign: '○', compared: ['read-committed', 'read-uncommitted'] },
]

/** Whether these levels are isolation levels of transactions. */
export const areIsolation = (levels: readonly string[]): boolean => levels.includes('serializable')

/** Returns the groups of levels for a comparison, strongest first. */
export const comparedRungs = (levels: readonly string[]): readonly ComparedRung[] =>
  areIsolation(levels) ? isolationRungs : rungs

/** Returns the consistency levels by which a comparison summarizes its runs, strongest first. */
export const comparedLevels = (levels: readonly string[]): readonly string[] =>
  comparedRungs(levels).flatMap(({ compared }) => compared)
