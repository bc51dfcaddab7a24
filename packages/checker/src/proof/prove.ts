import type { History } from '@chaosproxy/history'
import { createVerifier, type Finding, hasGuarantees, type LevelProof, type ProofHead } from '@chaosproxy/verifier'
import { isByFinalReads } from '../judge/judge-consistency.ts'
import type { Report } from '../judge/report.ts'
import type { Met, Violated } from '../verdict/verdict.ts'
import { sourceEntries, witnessEntries } from './entries.ts'
import { asWritten, type JudgedLines, type Judging, readLines } from './judged-lines.ts'
import { coreEntry, provenCore, type VerifierAnswer } from './orders.ts'

export interface Proved {
  /** The proof as JSON lines; undefined if no level has a proof. */
  readonly proof: string | undefined
  /**
   * The judged history as JSON lines, if the proof refers to these lines. Undefined if the proof refers to the given
   * file.
   */
  readonly history: string | undefined
  readonly levels: readonly ProvedLevel[]
}

export interface ProvedLevel {
  readonly level: string
  readonly result: 'met' | 'violated'
  /** The verifier's verdict on the evidence; `undecided` also if there is no evidence. */
  readonly verdict: Finding['verdict']
  /** The verifier's description of what it accepted, or the reason why there is no proof. */
  readonly why: string
}

/**
 * Proves each decided level, and lets the verifier check the proof. Evidence that the verifier does not accept is
 * omitted, with the reason.
 *
 * @param text the file, if it consists of JSON lines. If the verifier reads the same history from it as was judged, the
 * proof refers to the file. Otherwise the proof refers to `Proved.history`.
 * @param sha256 returns the hash of a text's bytes, in hexadecimal
 */
export function prove(
  history: History,
  { levels }: Pick<Report<string>, 'levels'>,
  judging: Judging,
  { text: given, sha256 }: { readonly text?: string | undefined; readonly sha256: (text: string) => string },
): Proved {
  const asGiven = given === undefined ? undefined : asWritten(history, given, judging)
  const lines = asGiven ?? readLines(history)
  if ('why' in lines) {
    const decided = Object.entries(levels).flatMap(([level, { result }]) =>
      result === 'unknown' ? [] : [{ level, result }],
    )
    return {
      proof: undefined,
      history: undefined,
      levels: decided.map((each) => ({ ...each, verdict: 'undecided', why: lines.why })),
    }
  }
  const { text } = lines
  const head: ProofHead = { proof: 1, history: `sha256:${sha256(text)}`, ...judging }
  const draft = createDraft({ history, head, lines })
  const named = Object.entries(levels)
  // Levels that are met by implication come last, because their proofs refer to the proofs of other levels.
  for (const isImplied of [false, true])
    for (const [level, verdict] of named)
      if (verdict.result === 'met' && (verdict.witness.kind === 'implied') === isImplied)
        draft.proveLevel(level, 'met', () => evidenceOfMet(draft, level, verdict))
  // Weaker levels first, because the violation of a weaker level proves that of a stronger one.
  for (const [level, verdict] of named.toReversed())
    if (verdict.result === 'violated')
      draft.proveLevel(level, 'violated', () => evidenceOfViolated(draft, level, verdict))
  const { entries, proved } = draft
  const written = [head, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('')
  return {
    proof: entries.length === 0 ? undefined : written,
    history: asGiven === undefined ? text : undefined,
    levels: named.flatMap(([level]) => proved.filter((each) => each.level === level)),
  }
}

const isProved = ({ verdict }: VerifierAnswer): boolean => verdict === 'accepted'

interface Subject {
  readonly history: History
  readonly head: ProofHead
  readonly lines: JudgedLines
}

interface Draft extends Subject {
  readonly entries: readonly LevelProof[]
  readonly proved: readonly ProvedLevel[]
  /**
   * Tries lists of entries in turn, and adds the first list that the verifier accepts. Returns the verifier's answer to
   * the last list tried.
   */
  firstAccepted(tries: Iterable<readonly LevelProof[]>): VerifierAnswer | undefined
  /** Proves a level by another level or by evidence for the level itself. */
  proveLevel(level: string, result: 'met' | 'violated', evidence: () => VerifierAnswer | undefined): void
}

function createDraft(subject: Subject): Draft {
  const { history, head, lines } = subject
  const accepts = createVerifier(lines.read, head)
  const entries: LevelProof[] = []
  const proved: ProvedLevel[] = []
  const firstAccepted = (tries: Iterable<readonly LevelProof[]>): VerifierAnswer | undefined => {
    let answer: VerifierAnswer | undefined
    for (const some of tries) {
      if (some.length === 0) continue
      answer = accepts(some)
      if (!isProved(answer)) continue
      entries.push(...some)
      break
    }
    return answer
  }
  const proveLevel: Draft['proveLevel'] = (level, result, evidence) => {
    const others = proved.filter((each) => each.result === result && isProved(each))
    const follows = firstAccepted(others.map(({ level: by }): LevelProof[] => [{ level, result, by }]))
    const answer = follows !== undefined && isProved(follows) ? follows : evidence()
    const isUnproven = answer === undefined || (answer.verdict === 'refused' && isOrderIncomplete(history, head))
    const { verdict, why } = isUnproven ? NO_EVIDENCE : answer
    proved.push({ level, result, verdict, why })
  }
  return { ...subject, entries, proved, firstAccepted, proveLevel }
}

/**
 * Reports whether an order of operations lacks something that a proof needs: the initial value, or the moments at which
 * a drain took its messages.
 */
const isOrderIncomplete = ({ functions, keys }: History, { initial, model }: ProofHead): boolean =>
  functions.includes('drain') ||
  (initial === undefined && (model !== 'register' || functions.includes('append') || keys.length > 1))

function evidenceOfMet(
  { history, head, lines, proved, firstAccepted }: Draft,
  level: string,
  verdict: Met,
): VerifierAnswer | undefined {
  const { witness } = verdict
  if (hasGuarantees(head)) return firstAccepted([[{ level, result: 'met', whole: true }]])
  if (isByFinalReads(level)) {
    const answer = firstAccepted([[{ level, result: 'met', final: true }]])
    // An implied level is met by the checker's definition. The verifier's definition may be stronger, so if the
    // verifier refuses the level, the refusal proves nothing.
    return witness.kind === 'implied' && answer?.verdict === 'refused' ? undefined : answer
  }
  if (witness.kind === 'implied') {
    // The proof of an implied level refers to the proof of the stronger level `witness.by`. If the stronger level is
    // not proved, the implied level is not proved either.
    const source = proved.find((each) => each.level === witness.by)
    if (source === undefined || !isProved(source)) return source
  }
  return firstAccepted(tries())

  function* tries(): Generator<readonly LevelProof[]> {
    yield witnessEntries(history, head.initial, level, verdict, lines.lineOf)
    yield* sourceEntries(history, head.initial, level, verdict, lines.lineOf)
  }
}

function evidenceOfViolated(
  { history, head, lines, firstAccepted }: Draft,
  level: string,
  { counterexample }: Violated,
): VerifierAnswer | undefined {
  if (isByFinalReads(level)) return firstAccepted([[{ level, result: 'violated', final: true }]])
  const { operations, ...answer } = provenCore(history, level, counterexample, { lines, head })
  return isProved(answer) ? firstAccepted([coreEntry(level, operations, lines.lineOf)]) : answer
}

const NO_EVIDENCE: VerifierAnswer = { verdict: 'undecided', why: 'the check keeps no evidence of this verdict' }
