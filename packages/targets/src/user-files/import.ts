import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inputError, usageError } from '@chaosproxy/history'
import { isMaelstrom } from '../stdio/binary/reference.ts'
import { typescriptLoader } from '../typescript/loader.ts'

/** Whether the reference is a path or a command, not the name of something built in. */
export const isUserFile = (reference: string): boolean =>
  !isMaelstrom(reference) && /^exec:|[\\/]|\.[cm]?[jt]s$/.test(reference)

/**
 * The default export of a user's file: JavaScript, or TypeScript whose types are stripped.
 *
 * @throws UserError (usage) if the file does not exist; (input) if it fails to run.
 */
export async function importUserFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw usageError(`${path}: there is no such file. Check the path.`)
  const restore = keepShared()
  try {
    const loader = await typescriptLoader(file, { moduleCache: false, virtualModules: await modulesFor(file) })
    return await loader.import(file, { default: true })
  } catch (error) {
    throw inputError(`${path} does not run: ${thrownText(error, file)}`)
  } finally {
    restore()
  }
}

/** Several files may be imported concurrently: the first import saves the shared state, and the last restores it. */
let importing = 0
let shared = sharedByAll()

function sharedByAll() {
  const { stackTraceLimit, prepareStackTrace } = Error
  return { write: process.stdout.write, stackTraceLimit, prepareStackTrace }
}

/**
 * Standard output is for results and reports; a file's output while it is imported goes to standard error. The
 * TypeScript compiler changes the limit and format of stack traces for the whole thread.
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

export function thrownText(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return `it throws ${String(thrown)}`
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && line.includes(file))
  // The loader puts the start of a function before the first line, so columns there are wrong.
  return [thrown.message, ...frames.map((frame) => frame.replace(/:1:\d+(?=\)?$)/, ':1'))].join('\n')
}

/** The published name of this program, by which users' files import it. */
export const PACKAGE_NAME = 'chaosproxy'

/** Passes the module for `PACKAGE_NAME` to child processes and threads. */
const VARIABLE = 'CHAOS_API'

/**
 * Lets users' files import this program by name, wherever it was started: Node would not find a global install in any
 * `node_modules`. This also prevents loading another version than the running one.
 */
export function offerApi(module: URL): void {
  process.env[VARIABLE] = module.href
}

/** The modules that a user's file gets from this program instead of from `node_modules`. */
async function modulesFor(file: string): Promise<{ [name: string]: unknown }> {
  const module = process.env[VARIABLE]
  if (module === undefined || !mayImportApi(readFileSync(file, 'utf8'))) return {}
  return { [PACKAGE_NAME]: await import(module) }
}

/** Loading the API takes as long as everything else, and most files import only its types. */
function mayImportApi(text: string): boolean {
  const values = text.replaceAll(/^\s*(?:import|export)\s+type\s[^;]*?from\s*['"][^'"]+['"]/gm, '')
  return values.includes(PACKAGE_NAME) || /(?:from|import|require)\s*\(?\s*['"]\.{1,2}\//.test(values)
}
