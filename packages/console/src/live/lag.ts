/** Nodes tell at different moments what they have applied: what another one lacks no longer than this is no lag. */
const GRACE_MS = 400

/** How far nodes are behind. */
export interface Lags {
  /** What all nodes have applied at a moment, those that tell. Moments come in order. */
  note(now: number, applied: readonly number[]): void
  /** How many entries a node still lacks, given how many it has applied: those that another had applied a moment before. */
  of(applied: number): number
}

export function createLags(): Lags {
  let recent: readonly { readonly at: number; readonly newest: number }[] = []
  return {
    note(now, applied) {
      const all = [...recent, { at: now, newest: Math.max(0, ...applied) }]
      // The last one before the grace counts, and what comes after it will.
      const first = all.findLastIndex(({ at }) => at <= now - GRACE_MS)
      recent = all.slice(Math.max(0, first))
    },
    of: (applied) => Math.max(0, (recent[0]?.newest ?? 0) - applied),
  }
}
