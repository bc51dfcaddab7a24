import { type History, UserError } from '@chaosproxy/history'
import { createVerifier, type LevelProof, type ProofHead } from '@chaosproxy/verifier'
import type { Report } from '../judge/report.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { sourceEntries, witnessEntries } from './entries.ts'
import { asWritten, type Judging, judgedLines } from './judged-lines.ts'
import { NOT_LINES, provenCore } from './orders.ts'

/** What proves a report, as far as the verifier accepts it. */
export interface Proved {
  /** The proof: JSON lines. Undefined if no level has one. */
  readonly proof: string | undefined
  /** The history that it is about, as it was judged: JSON lines. Undefined if the given text says the same. */
  readonly history: string | undefined
  readonly levels: readonly ProvedLevel[]
}

export interface ProvedLevel {
  readonly level: string
  readonly result: 'met' | 'violated'
  readonly isProved: boolean
  /** What was accepted, or why there is no proof. */
  readonly why: string
}

/**
 * Makes a proof of each decided level and has the verifier accept it. What it does not accept is left out, with its reason.
 *
 * @param text the file, if it is one of JSON lines: the proof is about it if each line of it means what was judged
 * @param sha256 the hash of a text's bytes, in hexadecimal
 * @throws UserError (input) if events cannot say what is known of the history
 */
export function prove(
  history: History,
  { levels }: Pick<Report<string>, 'levels'>,
  judging: Judging,
  { text: given, sha256 }: { readonly text?: string | undefined; readonly sha256: (text: string) => string },
): Proved {
  const asGiven = given === undefined ? undefined : asWritten(history, given, judging)
  const lines = asGiven ?? judgedLines(history)
  if (lines === undefined) throw new UserError('input', NOT_LINES)
  const { text, lineOf, read } = lines
  const head: ProofHead = { proof: 1, history: `sha256:${sha256(text)}`, ...judging }
  const accepts = createVerifier(read, head)
  const entries: LevelProof[] = []
  const proved: ProvedLevel[] = []
  const told = (level: string, result: 'met' | 'violated', tries: Iterable<readonly LevelProof[]>): void => {
    let why = NO_EVIDENCE
    for (const some of tries) {
      const [first] = some
      if (first === undefined) continue
      const finding = accepts(some)
      // Why a stronger level that it follows from is not proved.
      const source = 'by' in first ? proved.find((each) => each.level === first.by) : undefined
      why = source === undefined || source.isProved ? finding.why : source.why
      if (finding.verdict !== 'accepted') continue
      entries.push(...some)
      proved.push({ level, result, isProved: true, why })
      return
    }
    proved.push({ level, result, isProved: false, why })
  }
  const named = Object.entries(levels)
  for (const [level, verdict] of named) if (verdict.result === 'met') told(level, 'met', triesOfMet(level, verdict))
  // A weaker level that is violated proves the stronger ones.
  for (const [level, verdict] of named.toReversed())
    if (verdict.result === 'violated') told(level, 'violated', triesOfViolated(level, verdict))
  const written = [head, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('')
  const proof = entries.length === 0 ? undefined : written
  return {
    proof,
    history: asGiven === undefined ? text : undefined,
    levels: named.flatMap(([level]) => proved.filter((each) => each.level === level)),
  }

  function* acceptedBefore(level: string, result: 'met' | 'violated'): Generator<readonly LevelProof[]> {
    for (const each of proved) if (each.isProved && each.result === result) yield [{ level, result, by: each.level }]
  }

  function* triesOfMet(
    level: string,
    verdict: Extract<Verdict, { readonly result: 'met' }>,
  ): Generator<readonly LevelProof[]> {
    yield* acceptedBefore(level, 'met')
    yield witnessEntries(level, verdict, lineOf)
    yield* sourceEntries(history, judging.initial, level, verdict, lineOf)
  }

  function* triesOfViolated(
    level: string,
    { counterexample }: Extract<Verdict, { readonly result: 'violated' }>,
  ): Generator<readonly LevelProof[]> {
    yield* acceptedBefore(level, 'violated')
    yield [{ level, result: 'violated', final: true }]
    const core = provenCore(history, level, counterexample, { lines: { read, lineOf }, head })
    yield [{ level, result: 'violated', core: core.map((row) => lineOf[row]) }]
  }
}

const NO_EVIDENCE = 'the check keeps no evidence of it'
