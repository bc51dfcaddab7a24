/**
 * The levels that one judge decides. Each judge has its own ladder: consistency of single operations has the levels of
 * `registry.ts`, isolation of transactions has others.
 */
export interface Ladder<Name extends string = string> {
  /** Strongest first; also the keys of `--json`, and what `--expect` takes. */
  readonly levels: readonly Name[]
  /** What each level directly implies. */
  readonly implied: { readonly [level in Name]: readonly Name[] }
  /** Levels that need evidence of their own: no other level's verdict decides them. */
  readonly apart: readonly Name[]
  /** Levels that depend on the order in real time, and are met more easily the less of that order is known. */
  readonly realTime: readonly Name[]
  /**
   * Levels that no later event mends once they are violated, so that a violation can be reported while a history is
   * recorded. None may be mended by an operation that was open.
   */
  readonly lasting: readonly Name[]
  /** The strongest of these, if judges decide it in tied histories, too (see `History.isTied`). */
  readonly tied?: Name | undefined
}
