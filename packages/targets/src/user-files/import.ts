import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { typescriptLoader } from '../typescript/loader.ts'
import { modulesFor } from './api.ts'

/** Whether the reference is a path, or a command, rather than the name of something built in. */
export const isUserFile = (reference: string): boolean => /^exec:|[\\/]|\.[cm]?[jt]s$/.test(reference)

/**
 * The default export of a user's file: JavaScript, or TypeScript whose types are stripped.
 *
 * @throws UserError (usage) if the file does not exist; (input) if it fails to run.
 */
export async function importUserFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UserError('usage', `${path}: there is no such file.`)
  const restore = keepShared()
  try {
    const loader = await typescriptLoader(file, { moduleCache: false, virtualModules: await modulesFor(file) })
    return await loader.import(file, { default: true })
  } catch (error) {
    throw new UserError('input', `${path} does not run: ${thrownText(error, file)}`)
  } finally {
    restore()
  }
}

/** Several files may be imported at the same time: the first notes what they share, and the last restores it. */
let importing = 0
let shared = sharedByAll()

function sharedByAll() {
  const { stackTraceLimit, prepareStackTrace } = Error
  return { write: process.stdout.write, stackTraceLimit, prepareStackTrace }
}

/**
 * Standard output is for results and reports; what a file prints while it is imported goes to standard error. The
 * compiler of TypeScript leaves a limit and a format of stack traces behind, for all code of this thread.
 */
function keepShared(): () => void {
  if (importing++ === 0) {
    shared = sharedByAll()
    process.stdout.write = process.stderr.write.bind(process.stderr)
  }
  return () => {
    if (--importing > 0) return
    const { write, stackTraceLimit, prepareStackTrace } = shared
    process.stdout.write = write
    Object.assign(Error, { stackTraceLimit, prepareStackTrace })
  }
}

/** The message, and the places in the file that threw. */
export function thrownText(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return `it throws ${String(thrown)}`
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && line.includes(file))
  // The loader puts the head of a function before the first line: columns there are not those of the file.
  return [thrown.message, ...frames.map((frame) => frame.replace(/:1:\d+(?=\)?$)/, ':1'))].join('\n')
}
