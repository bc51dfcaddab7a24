import { type Level, summaries, weakLevels } from '../levels/levels.ts'
import type { Ladder } from '../verdict/ladder.ts'
import type { Reason } from '../verdict/reason.ts'
import { type Unknown, unknownBecause, type Verdict, type Verdicts } from '../verdict/verdict.ts'

/** Adds the verdicts that follow from the decided levels. All others are unknown, for the given reason. */
export function followsFrom<Name extends string>(
  { levels: all, implied, apart }: Ladder<Name>,
  decided: { readonly [level in Name]?: Verdict | undefined },
  otherwise: (level: Name) => Reason,
): Verdicts<Name> {
  // Plain loops here and below are fast: searches judge thousands of short histories a second.
  const verdicts = {} as { [level in Name]: Verdict }
  for (const level of all) verdicts[level] = decided[level] ?? unknownBecause(otherwise(level))
  // Levels are listed strongest first. So one pass down propagates "met", and one pass up propagates "violated".
  for (const level of all) {
    if (verdicts[level].result !== 'met') continue
    for (const weaker of implied[level]) {
      if (apart.includes(weaker) || verdicts[weaker].result !== 'unknown') continue
      verdicts[weaker] = { result: 'met', witness: { kind: 'implied', by: level } }
    }
  }
  for (let at = all.length - 1; at >= 0; at--) {
    const level = all[at] as Name
    if (verdicts[level].result !== 'unknown') continue
    for (const weaker of implied[level]) {
      if (!apart.includes(weaker) && verdicts[weaker].result === 'violated') verdicts[level] = verdicts[weaker]
    }
  }
  return verdicts
}

/** Summarises the verdicts for people: the strongest level that holds, and the levels that are violated. */
export function headlineOf(verdicts: Verdicts<Level>): string {
  const { linearizable, sequential, eventual } = verdicts
  const why = ({ reason }: Unknown): string => reason.text.split(';')[0]
  const diverged = eventual.result === 'violated'
  if (linearizable.result === 'met') return 'linearizable'
  if (sequential.result === 'met') {
    const not = linearizable.result === 'violated' ? ', not linearizable' : ''
    const open = linearizable.result === 'unknown' ? `; linearizable unknown: ${why(linearizable)}` : ''
    return `sequentially consistent${not}${diverged ? ', and replicas did not converge' : ''}${open}`
  }
  if (sequential.result === 'violated') {
    const weaker = strongestBelowSequential(verdicts)
    if (weaker !== undefined) return `${weaker}, not sequentially${diverged ? ', and replicas did not converge' : ''}`
    if (eventual.result === 'met') return 'only eventually consistent'
    if (diverged) return 'not even eventually consistent'
    return `not sequentially consistent; eventual unknown: ${why(eventual)}`
  }
  const converged = diverged ? ', and replicas did not converge' : ''
  if (linearizable.result === 'violated') {
    const isAlike = (level: Level): boolean => reasonOf(verdicts[level]) === sequential.reason.text
    const below = weakLevels.every(isAlike) ? ' and below' : ''
    return `not linearizable${converged}; sequential${below} unknown: ${why(sequential)}`
  }
  return diverged
    ? `replicas did not converge; linearizable unknown: ${why(linearizable)}`
    : `unknown: ${why(linearizable)}`
}

const reasonOf = (verdict: Verdict): string | undefined =>
  verdict.result === 'unknown' ? verdict.reason.text : undefined

const strongestBelowSequential = (verdicts: Verdicts<Level>): string | undefined =>
  Array.from(summaries).find(([level]) => verdicts[level].result === 'met')?.[1]
