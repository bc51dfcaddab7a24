import { check } from '@chaosproxy/checker'
import { millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { calibrate } from './calibrate.ts'

/**
 * Measured in a separate process for each file, so that all code is cold and the memory is used for this file alone.
 */
export interface MeasuredTransactions {
  readonly verdict: string
  /** CPU milliseconds, other threads of the process included. */
  readonly readMs: number
  readonly checkMs: number
  readonly peakMb: number
  readonly calibrationMs: number
}

async function measure(file: string): Promise<MeasuredTransactions> {
  const begun = process.cpuUsage()
  const history = await readHistory(file)
  const readMs = msSince(begun)
  const read = process.cpuUsage()
  const { levels } = check(history, {
    model: 'list-append',
    initial: null,
    levels: ['strict-serializable'],
    failedCas: 'observes',
    explain: true,
    deadlineMs: millis(600_000),
    memoryBytes: 4e9,
    now: () => millis(performance.now()),
  })
  const checkMs = msSince(read)
  const peakMb = process.resourceUsage().maxRSS / 1024
  const verdict = levels['strict-serializable']?.result ?? 'not asked'
  return { verdict, readMs, checkMs, peakMb, calibrationMs: calibrate() }
}

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const [file] = process.argv.slice(2)
if (file !== undefined) console.log(JSON.stringify(await measure(file)))
