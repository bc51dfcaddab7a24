import type { Keeps } from './replay.ts'

// The known levels, the orders that they keep, and their implications (Bouajjani et al. 2017; Viotti & Vukolić 2016;
// for isolation Adya 1999; Cerone, Bernardi & Gotsman 2015).

/** By level: the levels that it directly implies. */
const consistency: ReadonlyMap<string, readonly string[]> = new Map([
  ['linearizable', ['sequential']],
  ['sequential', ['causal-convergence', 'causal-memory']],
  ['causal-convergence', ['causal', 'session']],
  ['causal-memory', ['causal', 'pram']],
  ['session', ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads']],
])

const isolations: ReadonlyMap<string, readonly string[]> = new Map([
  ['serializable', ['repeatable-read', 'snapshot-isolation']],
  ['repeatable-read', ['cursor-stability', 'read-atomic']],
  ['snapshot-isolation', ['parallel-snapshot-isolation', 'prefix']],
  ['parallel-snapshot-isolation', ['causal', 'cursor-stability']],
  ['prefix', ['causal']],
  ['causal', ['read-atomic']],
  ['read-atomic', ['monotonic-atomic-view']],
  ['monotonic-atomic-view', ['read-committed']],
  ['cursor-stability', ['read-committed']],
  ['read-committed', ['read-uncommitted']],
  ['read-uncommitted', []],
])

/**
 * The two parts of a level of transactions: the isolation, and the order that transactions must keep. For example,
 * `strict-serializable` is `serializable` in real-time order.
 */
export interface IsolationLevel {
  readonly isolation: string
  readonly keeps: Keeps
}

/** Splits the name of an isolation level, if it is one. */
export function isolationOf(level: string): IsolationLevel | undefined {
  for (const isolation of isolations.keys()) {
    if (level === isolation) return { isolation, keeps: 'nothing' }
    if (level === `strong-session-${isolation}`) return { isolation, keeps: 'clients' }
    if (level === (isolation === 'serializable' ? 'strict-serializable' : `strong-${isolation}`))
      return { isolation, keeps: 'real time' }
  }
  return undefined
}

/** Returns whether every history that meets `strong` also meets `weak`, a level of the same kind. */
export const implies = (strong: string, weak: string): boolean => reaches(consistency, strong, weak)

export const impliesIsolation = (strong: IsolationLevel, weak: IsolationLevel): boolean =>
  RANKS.indexOf(strong.keeps) <= RANKS.indexOf(weak.keeps) && reaches(isolations, strong.isolation, weak.isolation)

/** The orders that a level can keep, strongest first. The order of real time contains the order of each client. */
const RANKS: readonly Keeps[] = ['real time', 'clients', 'nothing']

const reaches = (from: ReadonlyMap<string, readonly string[]>, strong: string, weak: string): boolean =>
  strong === weak || (from.get(strong) ?? []).some((next) => reaches(from, next, weak))
