import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inputError, UserError, usageError } from '@chaosproxy/history'
import { isMaelstrom } from '../stdio/binary/reference.ts'
import { typescriptLoader } from '../typescript/loader.ts'

/** Returns whether the reference is a path or a command rather than a built-in name. */
export const isUserFile = (reference: string): boolean =>
  !isMaelstrom(reference) && /^exec:|[\\/]|\.[cm]?[jt]s$/.test(reference)

/**
 * Imports the default export of a user's file in JavaScript or TypeScript.
 *
 * @throws UserError (usage) if the file does not exist; (input) if the file fails to run.
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

/**
 * The number of imports in progress. The first of overlapping imports saves the shared state, and the last one restores
 * it.
 */
let importing = 0
let shared = sharedByAll()

function sharedByAll() {
  const { stackTraceLimit, prepareStackTrace } = Error
  return { write: process.stdout.write, stackTraceLimit, prepareStackTrace }
}

/**
 * Saves the state that all imports share, and returns a function that restores it. Imports change this state. A file's
 * output goes to standard error, because standard output is for results. The TypeScript compiler changes the limit and
 * format of stack traces for the whole thread.
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
  // The loader inserts code into the first line, so columns there are wrong.
  return [thrown.message, ...frames.map((frame) => frame.replace(/:1:\d+(?=\)?$)/, ':1'))].join('\n')
}

/** If `call` throws an error, attributes it to a member of the user's file. */
export function callOwn<T>(path: string, member: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(`${path}: "${member}" threw: ${thrownText(error, resolve(path))}`)
  }
}

/** The name by which users' files import this program. */
export const PACKAGE_NAME = 'chaosproxy'

/** The variable that tells child processes and threads the URL of the module for `PACKAGE_NAME`. */
const VARIABLE = 'CHAOS_API'

/**
 * Lets users' files import this program by name: Node would not find a global install in any `node_modules`. Also keeps
 * a file from loading another version.
 */
export function offerApi(module: URL): void {
  process.env[VARIABLE] = module.href
}

/** Returns the modules that a file gets from this program instead of `node_modules`. */
async function modulesFor(file: string): Promise<{ [name: string]: unknown }> {
  const module = process.env[VARIABLE]
  if (module === undefined || !mayImportApi(readFileSync(file, 'utf8'))) return {}
  return { [PACKAGE_NAME]: await import(module) }
}

/**
 * Returns whether a file may import values of the API. Loading the API takes as long as the rest of the import, and
 * most files import only types.
 */
function mayImportApi(text: string): boolean {
  const values = text.replaceAll(/^\s*(?:import|export)\s+type\s[^;]*?from\s*['"][^'"]+['"]/gm, '')
  return values.includes(PACKAGE_NAME) || /(?:from|import|require)\s*\(?\s*['"]\.{1,2}\//.test(values)
}

/** Returns the definition in a file that exports the result of `defineWorkload`, `defineModel` or `defineReporter`. */
export function definitionIn(exported: unknown, member: 'workload' | 'model' | 'report'): unknown {
  const { kind, [member]: own }: { readonly [member: string]: unknown } = { ...(exported as object | null) }
  return typeof kind === 'string' && own !== undefined ? own : exported
}

/** Returns the error for a wrong default export. */
export type Wrong = (what: string) => UserError

export const refusing =
  (path: string, form: string): Wrong =>
  (what) =>
    usageError(`${path}: ${what}. Its default export must be ${form}.`)

/** @throws UserError (usage) if the export is not an object. */
export function objectIn<Module>(exported: unknown, wrong: Wrong): Partial<Module> {
  if (exported !== null && typeof exported === 'object') return exported
  throw wrong('its default export is missing or not an object')
}

export const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

export const hasDefault = (setting: { readonly default?: unknown }): boolean =>
  ['number', 'boolean', 'string'].includes(typeof setting.default)
