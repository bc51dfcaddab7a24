import { EXIT } from '@chaosproxy/runner/result'

const ENDING_MS = 10_000

/**
 * Ends the process cleanly after an uncaught error, with the code for a broken environment. Node itself would exit with
 * 1, the code for a violated expectation.
 */
export function endOnUncaughtErrors(report: (error: unknown) => Promise<unknown>): void {
  let isEnding = false
  process.on('uncaughtException', (error) => {
    if (isEnding) return
    isEnding = true
    process.on('exit', () => {
      process.exitCode = EXIT.environment
    })
    setTimeout(() => process.exit(), ENDING_MS).unref()
    void report(error).finally(() => process.emit('SIGTERM', 'SIGTERM') || process.exit())
  })
}
