import { consistency, findModel, isolationLadder, type Report, rungs, verdictOf } from '@chaosproxy/checker'

/** The levels that a report's judge decides, strongest first. */
export const judgedLevels = (report: Report<string>): readonly string[] => Object.keys(report.levels)

/** The levels that the model can be judged by: a report has every level of its judge. */
export function levelsOfModel(report: Report<string>): readonly string[] {
  const entry = findModel(report.model)
  const known: readonly string[] | undefined = (report.transactions === undefined ? entry : entry?.ofTransactions)
    ?.levels
  return judgedLevels(report).filter((level) => known === undefined || known.includes(level))
}

/** Levels of which nothing is known because the model says nothing about them. */
export function levelsNotOfModel(report: Report<string>): readonly string[] {
  const known = levelsOfModel(report)
  return judgedLevels(report).filter((level) => !known.includes(level) && verdictOf(report, level).result === 'unknown')
}

/** The strongest level, which a report is about if none was asked for. */
export const strongestOf = (report: Report<string>): string => judgedLevels(report)[0] ?? ''

/** Session guarantees say too little on their own to sum up a history. */
const alone: readonly string[] = consistency.implied.session

const consistencyLevels: readonly string[] = consistency.levels
const isolationLevels: readonly string[] = isolationLadder.levels

const summing = (report: Report<string>): readonly string[] =>
  judgedLevels(report).filter((level) => !alone.includes(level))

/** Whether there are levels of isolation. `causal` is the name of a level of consistency as well. */
export const haveIsolation = (levels: readonly string[]): boolean =>
  levels.some((level) => isolationLevels.includes(level) && !consistencyLevels.includes(level))

/** Those of these levels of one judge that no other of them implies. */
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

/** The strongest level that is met. */
export const foundLevel = (report: Report<string>): string | undefined =>
  summing(report).find((level) => verdictOf(report, level).result === 'met')

/** Of transactions: the levels that nothing stronger implies, without those in doubt. */
export const strongestMet = (report: Report<string>): readonly string[] =>
  (report.transactions?.strongest ?? []).filter((level) => verdictOf(report, level).result === 'met')

/**
 * The strongest level that is met, `only session guarantees` or `no level`, and what is undecided above it. Of
 * transactions, several may be strongest. The levels of other judges than that of consistency may stand side by side: of
 * those, the broken ones are named.
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

/** The session guarantees sum up no history, but are met all the same. */
function guaranteesText(report: Report<string>): string {
  const [met, ...others] = judgedLevels(report).filter(
    (level) => alone.includes(level) && verdictOf(report, level).result === 'met',
  )
  return met === undefined ? 'no level' : `only ${others.length === 0 ? met : 'session guarantees'}`
}

type IsolationLevel = (typeof isolationLadder.levels)[number]

/** Levels that a comparison of systems shows by one sign. */
export interface ComparedRung {
  /** Label of the sign in a legend. */
  readonly name: string
  readonly sign: string
  /** Strongest first. */
  readonly compared: readonly string[]
}

/** Of transactions. Sessions are left out: the clients of a comparison stay with their nodes, so real time says more. */
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

/** Whether levels are those of isolation, by which transactions are judged. */
export const areIsolation = (levels: readonly string[]): boolean => levels.includes('serializable')

/** The rungs by which systems are compared that are judged by these levels, strongest first. */
export const comparedRungs = (levels: readonly string[]): readonly ComparedRung[] =>
  areIsolation(levels) ? isolationRungs : rungs

/** The levels by which systems are compared, strongest first. The others say too little to sum up a run. */
export const comparedLevels = (levels: readonly string[]): readonly string[] =>
  comparedRungs(levels).flatMap(({ compared }) => compared)
