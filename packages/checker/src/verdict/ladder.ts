/**
 * The levels that one judge decides. Each judge has its own ladder: consistency of single operations has the levels of
 * `registry.ts`, isolation of transactions has other levels.
 */
export interface Ladder<Name extends string = string> {
  /** The names of the levels, strongest first. They are also the keys of `--json` and the values of `--expect`. */
  readonly levels: readonly Name[]
  readonly implied: { readonly [level in Name]: readonly Name[] }
  /** Levels that need separate evidence: no other level's verdict decides them. */
  readonly apart: readonly Name[]
  /**
   * Levels that require the order in real time. If a history shows less about time, this order contains fewer pairs of
   * operations.
   */
  readonly realTime: readonly Name[]
  /** Levels whose violation no later event can repair, so that it can be reported during the recording. */
  readonly lasting: readonly Name[]
  /** The strongest level that is also decided in tied histories (see `History.isTied`), if any. */
  readonly tied?: Name | undefined
}
