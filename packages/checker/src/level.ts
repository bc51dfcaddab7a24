/**
 * The levels that one judge decides. Each judge has its own ladder: consistency of single operations has the twelve
 * levels below, isolation of transactions has others.
 */
export interface Ladder<Name extends string = string> {
  /** Strongest first; also the keys of `--json`, and what `--expect` takes. */
  readonly levels: readonly Name[]
  /** What each level directly implies. */
  readonly implied: { readonly [level in Name]: readonly Name[] }
  /** Levels that need evidence of their own: no other level's verdict decides them. */
  readonly apart: readonly Name[]
}

/** The consistency levels, strongest first. DESIGN: levels, exactly. */
export const levels = [
  'linearizable',
  'sequential',
  'causal',
  'causal-memory',
  'causal-convergence',
  'pram',
  'session',
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
  'eventual',
] as const

export type Level = (typeof levels)[number]

/**
 * What each level directly implies. The order is partial: causal memory and causal convergence are incomparable, causal
 * does not imply PRAM, PRAM does not imply the session guarantees. Linearizable implies eventual if there are final
 * reads; sequential does not, since a replica may lag for ever and still fit one order.
 */
export const implied: { readonly [level in Level]: readonly Level[] } = {
  linearizable: ['sequential', 'eventual'],
  sequential: ['causal-convergence', 'causal-memory'],
  causal: [],
  'causal-memory': ['causal', 'pram'],
  'causal-convergence': ['causal', 'session'],
  pram: [],
  session: ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'],
  'read-your-writes': [],
  'monotonic-reads': [],
  'monotonic-writes': [],
  'writes-follow-reads': [],
  eventual: [],
}

/** Eventual is defined by final reads; without them it stays unknown whatever else holds. */
export const consistency: Ladder<Level> = { levels, implied, apart: ['eventual'] }
