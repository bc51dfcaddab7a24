import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { typescriptLoader } from '../typescript/loader.ts'

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

/** The name under which this program is published, and by which users' files import it. */
export const PACKAGE_NAME = 'chaosproxy'

/** Tells child processes and threads which module `PACKAGE_NAME` stands for. */
const VARIABLE = 'CHAOS_API'

/**
 * Lets users' files import this program by name, wherever it was started: Node would not find a global install in any
 * `node_modules`. It also keeps a file from loading another version than the one running.
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
