import { existsSync } from 'node:fs'
import { builtinModules, SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { UserError } from '@chaosproxy/history'
import { isNativeLoader } from '../native.ts'
import { expectedIn } from './expected.ts'
import { asFunctionBody, IMPORT, META, REQUIRE } from './rewrite.ts'

/** What a program sees around it in place of the real globals. */
export interface Surroundings {
  readonly require: unknown
  readonly importBuiltin: unknown
  readonly process: unknown
  readonly console: unknown
  readonly performance: unknown
  readonly global: object
}

/** A program, bundled and compiled: each start is a call. */
export interface Program {
  /** Its file. */
  readonly entry: string
  readonly directory: string
  /** The modules that it names literally, and that are not installed. */
  readonly missing: ReadonlySet<string>
  /** The assertions that some run is to meet. */
  readonly expected: readonly string[]
  start(around: Surroundings): Promise<unknown>
  /** The frames of a stack in the program's own files, innermost first, as `server.ts:12:3`. */
  frames(stack: string): readonly Frame[]
}

export interface Frame {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly name: string | undefined
}

const programs = new Map<string, Promise<Program>>()

/** Bundled once, however many runs there are. @throws UserError (input) for a program that cannot be read. */
export function loadProgram(file: string): Promise<Program> {
  const entry = resolve(file)
  const loading = programs.get(entry) ?? bundled(entry)
  programs.set(entry, loading)
  return loading
}

const isBuiltin = (id: string): boolean => id.startsWith('node:') || builtinModules.includes(id)

async function bundled(entry: string): Promise<Program> {
  if (!existsSync(entry)) throw new UserError('input', `${entry}: there is no such file. Give the program's file.`)
  const { rolldown } = await import('rolldown')
  try {
    const build = await rolldown({
      input: entry,
      platform: 'node',
      external: (id) => isBuiltin(id) || id.endsWith('.node') || isNativeLoader(id),
      treeshake: false,
      logLevel: 'silent',
    })
    const { output } = await build.generate({ format: 'esm', sourcemap: true, codeSplitting: false })
    await build.close()
    const [{ code, map }] = output
    return compiled(entry, code, map as unknown as SourceMapPayload | null)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('input', `${entry} cannot be bundled: ${firstOf(error)}`, { cause: error })
  }
}

/** The bundler names all that is wrong; the first is enough to go on. */
function firstOf(error: unknown): string {
  const { errors, message } = error as { readonly errors?: readonly { readonly message: string }[]; message?: string }
  const text = errors?.[0]?.message ?? message ?? String(error)
  return text
    .replaceAll(ANSI, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 8)
    .join('\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const ANSI = /\u001b\[[\d;]*m/g

const PARAMETERS = [
  REQUIRE,
  IMPORT,
  META,
  'require',
  'module',
  'exports',
  'process',
  'globalThis',
  'global',
  'console',
  'performance',
  '__filename',
  '__dirname',
]

function compiled(entry: string, code: string, payload: SourceMapPayload | null): Program {
  const filename = `simulated:${entry}`
  // The first line is ours: lines and columns of the rest stay what they were.
  const text = `"use strict"; return (async () => {\n${asFunctionBody(code)}\n})()`
  const run = vm.compileFunction(text, PARAMETERS, { filename, lineOffset: -1 }) as (
    ...args: unknown[]
  ) => Promise<unknown>
  const map = payload === null ? undefined : new SourceMap(payload)
  const directory = dirname(entry)
  const meta = { url: pathToFileURL(entry).href, filename: entry, dirname: directory, main: true }
  return {
    entry,
    directory,
    missing: namedIn(code),
    expected: expectedIn(code),
    start({ require, importBuiltin, process, console, performance, global }) {
      const module = { exports: {}, filename: entry, id: '.', loaded: false, children: [], paths: [], require }
      const own = { ...meta, resolve: (specifier: string) => specifier }
      return run(
        require,
        importBuiltin,
        own,
        require,
        module,
        module.exports,
        process,
        global,
        global,
        console,
        performance,
        entry,
        directory,
      )
    },
    frames: (stack) => framesOf(stack, filename, map, directory),
  }
}

/** What is left to load once everything is bundled: built-in modules, and what is not installed. */
const namedIn = (code: string): ReadonlySet<string> =>
  new Set(
    Array.from(
      code.matchAll(/\b__require(?:\$\d+)?\(\s*(?:"([^"]+)"|'([^']+)')\s*\)/g),
      ([, one, other]) => one ?? other ?? '',
    ),
  )

function framesOf(stack: string, filename: string, map: SourceMap | undefined, directory: string): readonly Frame[] {
  return stack.split('\n').flatMap((line) => {
    const at = line.indexOf(filename)
    if (at < 0) return []
    const [, row, column] = /^:(\d+):(\d+)/.exec(line.slice(at + filename.length)) ?? []
    const name = /^\s*at (?:async )?([^\s(]+) \(/.exec(line)?.[1]
    const entry = map?.findEntry(Number(row) - 1, Number(column) - 1) as
      | { originalSource?: string; originalLine?: number; originalColumn?: number }
      | undefined
    if (entry?.originalSource === undefined || entry.originalLine === undefined) return []
    const file = resolve(directory, entry.originalSource)
    return [{ file, line: entry.originalLine + 1, column: (entry.originalColumn ?? 0) + 1, name }]
  })
}
