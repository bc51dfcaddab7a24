import { type Access, accessesIn } from './causal.ts'
import { groupsOf } from './guarantees/patterns.ts'
import { type History, textOf } from './history.ts'
import { type ProofHead, refuse, Undecided } from './proof.ts'

/**
 * Accepts a proof by final reads of registers. Convergent (Shapiro et al. 2011): the final reads of each key agree on a
 * value. Eventual (Vogels 2009; Bailis & Ghodsi 2013): in addition, this value is initial or was written, and no later
 * write replaced it. A later write is an acknowledged write of a different value, called after all writes of this value
 * had returned.
 *
 * @throws Refused if the final reads show the opposite, or nothing.
 */
export function acceptFinal({ operations }: History, head: ProofHead, level: string, result: string): string {
  const { model, initial } = head
  if (model !== 'register' || initial === undefined || (level !== 'eventual' && level !== 'convergent'))
    throw new Undecided(`the verifier does not cover ${level} for ${model}`)
  const byKey = groupsOf(accessesIn(operations, head), ({ of }) => of.key)
  const found = byKey.map((some) => findingOf(some, level === 'eventual' ? textOf(initial) : undefined))
  const isMet = found.includes('met') && !found.includes('unknown')
  const finding = found.includes('violated') ? 'violated' : isMet ? 'met' : 'unknown'
  return finding === result ? 'the final reads show it' : refuse(`the final reads show that ${level} is ${finding}`)
}

/**
 * Returns what the final reads of a key show; `nothing` if the level requires nothing. If `first`, the initial value,
 * is undefined, the reads need only return equal values. Otherwise, a later write must not have replaced the value that
 * the reads returned.
 */
function findingOf(some: readonly Access[], first: string | undefined): 'met' | 'violated' | 'unknown' | 'nothing' {
  const reads = some.filter(({ of, isWrite }) => of.isFinal && !isWrite)
  const values = [...new Set(reads.map(({ value }) => value))]
  const writes = some.filter(({ isWrite }) => isWrite)
  if (values.length === 0) return writes.some(({ of }) => of.outcome === 'ok') ? 'unknown' : 'nothing'
  const firstRead = reads.reduce((line, { of }) => Math.min(line, of.line), Number.POSITIVE_INFINITY)
  if (writes.some(({ of }) => of.line > firstRead || (of.outcome === 'ok' && of.return > firstRead)))
    throw new Undecided('a write was called, or returned, after the final reads had begun')
  if (values.length > 1) return 'violated'
  if (first === undefined) return 'met'
  const ends = writes.flatMap(({ of, value }) => (value === values[0] ? [of.return] : []))
  if (values[0] === first) ends.push(0)
  const others = writes.filter(({ of, value }) => of.outcome === 'ok' && value !== values[0])
  return ends.every((end) => others.some(({ of }) => end < of.line)) ? 'violated' : 'met'
}
