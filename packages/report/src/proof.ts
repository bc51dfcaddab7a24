import type { ProvedLevel } from '@chaosproxy/checker/proof'

/** A proof of the verdicts, as far as the verifier accepts it. */
export interface WrittenProof {
  /** Its file, and that of the history that it is about; undefined if no level has a proof. */
  readonly written: { readonly file: string; readonly history: string } | undefined
  readonly levels: readonly ProvedLevel[]
  /** Undefined if a page cannot verify it, as it would be too large. */
  readonly embedded?: EmbeddedProof | undefined
}

/** What a page needs to verify a proof. */
interface EmbeddedProof {
  /** Both files: their bytes compressed by gzip, in base64. */
  readonly history: string
  readonly proof: string
  /** A script that defines the variable `verifier`: the exports of the verifier's package. */
  readonly verifier: string
}

/** Which verdicts it proves, and why it does not prove the others. */
export function proofTexts({ levels }: WrittenProof): readonly string[] {
  const proved = levels.filter(({ verdict }) => verdict === 'accepted').map(({ level }) => level)
  const others = new Map<string, readonly string[]>()
  for (const { level, verdict, why } of levels)
    if (verdict !== 'accepted') others.set(why, [...(others.get(why) ?? []), level])
  return [
    ...(proved.length === 0 ? [] : [`proves the verdicts on ${proved.join(', ')}`]),
    ...[...others].map(([why, some]) => `no proof of ${some.join(', ')}: ${why}`),
  ]
}
