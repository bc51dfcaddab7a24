import { statSync } from 'node:fs'
import { check } from '@chaosproxy/checker'
import { type History, type Json, millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { optimiseLate, SMALL_BYTES } from 'chaosproxy/short-run'
import { calibrate } from './calibrate.ts'

/**
 * Measured in a separate process for each file, so that the first check is cold and the memory is used for this file
 * alone.
 */
export interface Measured {
  readonly verdict: string
  /** CPU milliseconds of the first check, of the quickest, and of the quickest that also explains a violation. */
  readonly coldMs: number
  readonly warmMs: number
  readonly explainedMs: number
  /** Wall milliseconds of reading the file. */
  readonly parseMs: number
  /**
   * The peak memory up to the end of the first check. Later checks only add garbage that has not been collected yet.
   */
  readonly rssMb: number
  readonly calibrationMs: number
}

/** Limits on repeats. They suffice for the code to be optimised, and for memory freed by earlier runs to be reused. */
const MOST_RUNS = 100
const MOST_MS = 2_000

async function measure(file: string, initial: Json): Promise<Measured> {
  // Optimises late for small files, as `chaos check` does. The first check then costs the same in both.
  if (statSync(file).size < SMALL_BYTES) optimiseLate()
  const begun = performance.now()
  const history = await readHistory(file)
  const parseMs = performance.now() - begun
  const cold = judge(history, initial, false)
  const coldMs = cold.ms
  const rssMb = process.resourceUsage().maxRSS / 1024
  let warmMs = coldMs
  let total = coldMs
  for (let run = 1; run < MOST_RUNS && total < MOST_MS; run++) {
    const { ms } = judge(history, initial, false)
    warmMs = Math.min(warmMs, ms)
    total += ms
  }
  const explainedMs =
    cold.verdict === 'violated' ? Math.min(...[1, 2, 3].map(() => judge(history, initial, true).ms)) : warmMs
  return { verdict: cold.verdict, coldMs, warmMs, explainedMs, parseMs, rssMb, calibrationMs: calibrate() }
}

function judge(history: History, initial: Json, explain: boolean): { readonly ms: number; readonly verdict: string } {
  const before = process.cpuUsage()
  const report = check(history, {
    model: 'register',
    initial,
    levels: ['linearizable'],
    failedCas: 'observes',
    explain,
    deadlineMs: millis(30_000),
    memoryBytes: 2e9,
    now: () => millis(performance.now()),
  })
  const { user, system } = process.cpuUsage(before)
  return { ms: (user + system) / 1000, verdict: report.levels.linearizable.result }
}

const [file, initial] = process.argv.slice(2)
if (file !== undefined && initial !== undefined) {
  console.log(JSON.stringify(await measure(file, JSON.parse(initial) as Json)))
}
