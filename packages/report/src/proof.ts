import type { ProvedLevel } from '@chaosproxy/checker/proof'

/** A proof of the verdicts, as far as the verifier accepts it. */
export interface WrittenProof {
  /** Its file, and that of the history that it is about; undefined if no level has a proof. */
  readonly written: { readonly file: string; readonly history: string } | undefined
  readonly levels: readonly ProvedLevel[]
}
