import { asciiOnly, harmlessOutput } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import { EXIT } from '@chaosproxy/runner/result'
import { speaksUnicode, wantsColours } from './page-width.ts'

let failed = false

/** Returns whether writing to stdout failed. A reader that ends early, such as `head`, does not count as a failure. */
export const outputFailed = (): boolean => failed

/** Prevents failing output from ending a run. A failure of stdout sets the exit code for a broken environment. */
export function tolerateBrokenOutput(): void {
  if (!process.stdout.listeners('error').includes(noteFailure)) process.stdout.on('error', noteFailure)
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore)
}

function noteFailure(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || failed) return
  failed = true
  process.exitCode = EXIT.environment
  printNotice(`The output could not be written: ${whyUnwritable(error)}\n`)
}

const ignore = (): void => {}

/** Prints lines for people, or JSON. Escapes control sequences and CI commands in texts from other systems. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  write(stream, harmlessOutput(text, { colours: wantsColours(stream) }))
}

/** Prints on stderr what is not part of a command's result. */
export const printNotice = (text: string): void => print(text, process.stderr)

/** Prints a page, a script or commands for CI unchanged. */
export const printAsIs = (text: string): void => write(process.stdout, text)

function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.destroyed || !stream.writable) return
  // Text on stdout may be data, so this does not convert it to ASCII. Pages and lists convert their own text.
  stream.write(stream === process.stderr && !speaksUnicode() ? asciiOnly(text) : text)
}

export const outputEnded = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.destroyed) resolve()
    else for (const event of ['close', 'error'] as const) process.stdout.once(event, () => resolve())
  })
