import { asciiOnly, harmlessOutput } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import { EXIT } from '@chaosproxy/runner/result'
import { speaksUnicode, wantsColours } from './page-width.ts'

let failed = false

/** Returns whether output to stdout was lost. Output that a reader such as `head` does not want is not lost. */
export const outputFailed = (): boolean => failed

/**
 * Prevents failing output from ending a run. A failure of stdout is reported once and sets the exit code for a broken
 * environment; a failure of stderr cannot be reported.
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

/**
 * Prints lines for people, or JSON. Escapes control sequences and CI commands, which texts from other systems may
 * contain.
 */
export function print(stream: NodeJS.WriteStream, text: string): void {
  write(stream, harmlessOutput(text, { colours: wantsColours(stream) }))
}

/** Prints text for programs unchanged: a page, a script, commands for CI. */
export function printAsIs(stream: NodeJS.WriteStream, text: string): void {
  write(stream, text)
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.destroyed || !stream.writable) return
  // Only text on stderr is converted to ASCII. Text on stdout may be data, which must not change. Pages and lists
  // convert their own text.
  stream.write(stream === process.stderr && !speaksUnicode() ? asciiOnly(text) : text)
}

/** Resolves when stdout is closed or broken. */
export const outputEnded = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.destroyed) resolve()
    else for (const event of ['close', 'error'] as const) process.stdout.once(event, () => resolve())
  })
