import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { inputError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { type Finding, Refused, sentenceOf, Unreadable, type Verification, verify } from '@chaosproxy/verifier'
import { flag, inGroup } from '../arguments/declare.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'verify',
  positional: '<history> <proof>',
  needs: 'a history and its proof: chaos verify history.jsonl proof.jsonl.',
  summary: 'verify the proof that --prove wrote, by the definitions of the levels and without the checker',
  options: inGroup('Output', [], { json: flag('print one JSON object on stdout') }),
  examples: [
    ['chaos check history.jsonl --prove proof.jsonl', 'check a history, and write a proof of the verdicts'],
    ['chaos verify history.jsonl proof.jsonl', 'accept the proof of each verdict, or say what is wrong with it'],
  ],
  run: executeVerify,
}

async function executeVerify(options: ParsedOptions): Promise<ExitCode> {
  const [history, proof] = [textOf(options, 'history') ?? '', textOf(options, 'proof') ?? '']
  const outcome = outcomeOf(history, proof)
  if (flagOf(options, 'json')) print(`${JSON.stringify({ history, proof, ...outcome })}\n`)
  else print(pageOf(outcome))
  return exitCodeOf(outcome)
}

/** The result for each level, or the reason why the verifier refused the whole proof. */
type Outcome = Pick<Verification, 'head' | 'findings'> | { readonly refused: string }

/** @throws UserError if a file cannot be read, if `proof` is no proof, or if the verifier cannot read `history`. */
function outcomeOf(history: string, proof: string): Outcome {
  try {
    const hash = createHash('sha256')
    for (const bytes of chunksOf(history)) hash.update(bytes)
    const text = readFileSync(proof, 'utf8')
    return verify({ history: textsOf(history), sha256: hash.digest('hex'), proof: text })
  } catch (error) {
    if (error instanceof Refused) return { refused: `${error.message}${provedInstead(history, proof)}` }
    if (error instanceof Unreadable) throw inputError(`${history}, ${proof}: ${error.message}.`)
    const { path = history } = error as NodeJS.ErrnoException
    throw inputError(`${path}: ${whyUnreadable(error)}`)
  }
}

/**
 * Returns a hint that names the history next to the proof; empty if there is none. --prove writes this history if the
 * proof cannot refer to the checked file.
 */
function provedInstead(history: string, proof: string): string {
  const judged = `${proof}.history.jsonl`
  return existsSync(judged) && resolve(judged) !== resolve(history)
    ? `. Verify the history that --prove wrote next to the proof: chaos verify ${judged} ${proof}`
    : ''
}

const CHUNK_BYTES = 1 << 20

/** Yields a file in chunks. All chunks use the same memory, so reading the next chunk overwrites this one. */
function* chunksOf(path: string): Iterable<Uint8Array> {
  const file = openSync(path, 'r')
  try {
    const chunk = new Uint8Array(CHUNK_BYTES)
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) yield chunk.subarray(0, size)
  } finally {
    closeSync(file)
  }
}

/** Rejects text that is not UTF-8: two different files could otherwise be read as equal. */
function* textsOf(path: string): Iterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (const bytes of chunksOf(path)) yield decoder.decode(bytes, { stream: true })
  yield decoder.decode()
}

function exitCodeOf(outcome: Outcome): ExitCode {
  if ('refused' in outcome) return EXIT.violated
  const verdicts = outcome.findings.map(({ verdict }) => verdict)
  if (verdicts.includes('refused')) return EXIT.violated
  return verdicts.includes('undecided') ? EXIT.unknown : EXIT.met
}

function pageOf(outcome: Outcome): string {
  const { red, dim } = styleFor()
  if ('refused' in outcome) return `${red('refused')}: ${outcome.refused}\n`
  const { model, initial, failedCas = 'drop' } = outcome.head
  const first = initial === undefined ? 'unknown' : JSON.stringify(initial)
  const failed = failedCas === 'drop' ? 'did not happen' : 'saw another value than it expected'
  const read = `Read as: model ${model}, initial value ${first}${model === 'register' ? `; a failed cas ${failed}` : ''}.`
  return `${[...outcome.findings.map(lineOf), dim(read)].join('\n')}\n`
}

function lineOf(finding: Finding): string {
  const { red, green, yellow } = styleFor()
  const paint = { accepted: green, refused: red, undecided: yellow }[finding.verdict]
  return `${paint(finding.verdict)}: ${sentenceOf(finding)}`
}
