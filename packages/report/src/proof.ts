import type { ProvedLevel } from '@chaosproxy/checker/proof'
import { grouped } from './words.ts'

/** A proof of the verdicts, and the levels that the verifier accepted. */
export interface WrittenProof {
  /** The files of the proof and its history, if any level has a proof. */
  readonly written: { readonly file: string; readonly history: string } | undefined
  readonly levels: readonly ProvedLevel[]
  /** The proof, embedded in a page that can verify it; absent if the proof is too large. */
  readonly embedded?: EmbeddedProof | undefined
}

interface EmbeddedProof {
  /** The history file, compressed by gzip and encoded in base64. `proof`: the proof's file in the same encoding. */
  readonly history: string
  readonly proof: string
  /** A script that defines `verifier` as the verifier's exports. */
  readonly verifier: string
}

/** Returns why `--prove` wrote no file; undefined if it wrote one. */
export function whyUnproved(target: string, proof: WrittenProof): string | undefined {
  if (proof.written !== undefined) return undefined
  const texts = proofTexts(proof)
  return `--prove ${target} wrote no file: ${texts.length === 0 ? 'no level is met or violated' : texts.join('; ')}.`
}

/** Returns which verdicts are proved, and why the others are not. */
export function proofTexts({ levels }: WrittenProof): readonly string[] {
  const proved = levels.filter(({ verdict }) => verdict === 'accepted').map(({ level }) => level)
  const others = grouped(
    levels.filter(({ verdict }) => verdict !== 'accepted'),
    ({ why }) => why,
  )
  return [
    ...(proved.length === 0 ? [] : [`proves the verdicts on ${proved.join(', ')}`]),
    ...[...others].map(([why, some]) => `no proof of ${some.map(({ level }) => level).join(', ')}: ${why}`),
  ]
}
