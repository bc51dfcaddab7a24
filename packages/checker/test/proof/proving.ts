import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import type { History } from '@chaosproxy/history'
import { createVerifier } from '@chaosproxy/verifier'
import { type CheckOptions, check, type Report, UNKNOWN_START } from '../../src/index.ts'
import { type Judging, readLines } from '../../src/proof/judged-lines.ts'
import { type ProvedLevel, prove } from '../../src/proof/prove.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Proving longer histories takes longer than the tests may. */
const MOST_OPERATIONS = 100

/**
 * The file that collects every history and the options for judging it. `npm run mutate -- --verify` judges these
 * histories again.
 */
const historiesFile = process.env['HISTORIES_FILE']

/**
 * Runs `check`, and has the verifier prove those verdicts that the verifier covers.
 *
 * @throws Error if the verifier refuses a verdict
 */
export function checkProved(history: History, options: CheckOptions): Report
export function checkProved(history: History, options: CheckOptions<string>): Report<string>
export function checkProved(history: History, options: CheckOptions<string>): Report<string> {
  const report = check(history, options)
  const refused = provedLevels(history, report, options).filter(({ verdict }) => verdict === 'refused')
  if (refused.length === 0) return report
  throw new Error(`the verifier refuses ${refused.map(({ level, result, why }) => `${level} ${result}: ${why}`)}`)
}

function provedLevels(
  history: History,
  report: Report<string>,
  { model, initial, levels, failedCas = 'drop', assume = [], unit }: CheckOptions<string>,
): readonly ProvedLevel[] {
  // A verdict can be proved only for a model that the verifier knows, and only without assumptions.
  if (typeof model !== 'string' || assume.length > 0 || unit !== undefined) return []
  if (history.operations.length > MOST_OPERATIONS) return []
  const head = { model: report.model, failedCas, ...(initial === UNKNOWN_START ? {} : { initial }) }
  const proved = prove(history, report, head, { sha256 })
  if (historiesFile !== undefined && proved.history !== undefined)
    appendFileSync(historiesFile, `${JSON.stringify({ ...head, levels, text: proved.history })}\n`)
  return proved.levels
}

/** Returns a function that asks the verifier whether the operations of the given rows alone violate a level. */
export function standAlone(history: History, judging: Judging, level: string): (rows: readonly number[]) => boolean {
  const lines = readLines(history)
  if ('why' in lines) throw new Error(lines.why)
  const verifier = createVerifier(lines.read, { proof: 1, history: '', ...judging })
  return (rows) => {
    const core = rows.map((row) => lines.lineOf[row]!)
    return verifier([{ level, result: 'violated', core }]).verdict === 'accepted'
  }
}
