import { whyUnwritable } from '@chaosproxy/history/files'
import { EXIT } from '../exit-code.ts'

let failed = false

/** Whether something written to standard output was lost; what a reader closed early, as `| head` does, is not. */
export const outputFailed = (): boolean => failed

/**
 * From here on trouble with our output ends no run. What standard output does not take is told once, and makes the exit
 * code that of a broken environment; standard error has nobody to tell.
 */
export function tolerateBrokenOutput(): void {
  if (!process.stdout.listeners('error').includes(noteFailure)) process.stdout.on('error', noteFailure)
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore)
}

function noteFailure(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || failed) return
  failed = true
  process.exitCode = EXIT.environment
  print(process.stderr, `The output could not be written: ${whyUnwritable(error)}\n`)
}

const ignore = (): void => {}

export function print(stream: NodeJS.WriteStream, text: string): void {
  if (!stream.destroyed && stream.writable) stream.write(text)
}

/** Resolves once nobody takes what is written to standard output any more: it was closed, or does not work. */
export const outputEnded = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.destroyed) resolve()
    else for (const event of ['close', 'error'] as const) process.stdout.once(event, () => resolve())
  })
