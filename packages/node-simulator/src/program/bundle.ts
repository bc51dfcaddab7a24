import { existsSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { inputError, UserError } from '@chaosproxy/history'
import { isNativeLoader } from '../native.ts'
import { PROGRAM_FILES } from '../world/strays.ts'
import { importBundler } from './bundler.ts'
import { clientApi } from './client-api.ts'
import { expectedIn } from './expected.ts'
import { isBuiltin, isMissing, namedIn, requireInstalled, type Unresolved, unresolvedIn } from './missing.ts'
import { optionalPeers } from './optional-peers.ts'
import { ownState } from './own-state.ts'
import { packagesIn, type Sources } from './packages.ts'
import { metaOf, ownPlaces } from './places.ts'
import { precomputed } from './precomputed.ts'
import { awaitPlaces, isInstalled, PROBE, type Probe, type Probing, probePlugin, type Site } from './probes.ts'
import {
  asFunctionBody,
  type FunctionBody,
  IMPORT,
  type Left,
  META,
  NULL,
  REQUIRE,
  statementsOf,
  throwAsNull,
} from './rewrite.ts'
import { linesOf, type Node } from './syntax.ts'
import { LISTED, listedOf, TABLE, type Table, tableOf } from './tables.ts'

/** The globals that a program gets instead of the real ones. */
export interface Surroundings {
  readonly require: unknown
  readonly importBuiltin: unknown
  readonly process: unknown
  readonly console: unknown
  readonly performance: unknown
  readonly reflect: object
  readonly global: object
  readonly probe: Probe
}

/** The bundler's own function that wraps a module. The function that it returns loads the module on its first call. */
export type LoadModule = (load: (...module: unknown[]) => void, module?: { exports: object }) => () => object

/** The exports of a program; undefined if it has no default export. */
export type Exports = { readonly default: unknown } | undefined

/** A program, bundled and compiled. Starting it is a function call. */
export interface Program {
  /** The program's file. */
  readonly entry: string
  readonly directory: string
  lacks(specifier: string, stack: string): boolean
  /** The assertions that at least one run should reach. */
  readonly expected: readonly string[]
  /**
   * The program's functions and awaits, and its statements if lines are probed. Without probes, files that contain no
   * `await` are left out.
   */
  readonly sites: readonly Site[]
  /**
   * The name of each await, by the index of its site. Planned holds, which delay requests at an await, use these names.
   */
  readonly awaits: ReadonlyMap<number, string>
  /** Loads the packages for `start`; undefined if they cannot be separated from the program's files. */
  readonly packages: ((around: Surroundings, load: LoadModule) => object) | undefined
  /** @param loaded the result of `packages` */
  start(around: Surroundings, loaded: object | undefined): Promise<Exports>
  /** Returns a stack's frames in the program's own files, innermost first, as `server.ts:12:3`. */
  frames(stack: string): readonly Frame[]
}

interface Frame {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly name: string | undefined
}

const programs = new Map<string, Promise<Program>>()

/**
 * Bundles a program, and keeps the bundle for later calls. With probes, the program is slower, and debuggers can show
 * its source.
 *
 * @throws UserError (input) for a program that cannot be read.
 */
export function loadProgram(file: string, probing?: Probing): Promise<Program> {
  const entry = resolve(file)
  const name = `${JSON.stringify(probing)}:${entry}`
  const loading = programs.get(name) ?? bundled(entry, probing)
  programs.set(name, loading)
  return loading
}

async function bundled(entry: string, probing: Probing | undefined): Promise<Program> {
  if (!existsSync(entry)) throw inputError(`${entry}: there is no such file. Give the program's file.`)
  const bundler = await importBundler()
  const sites: Site[] = []
  const unresolved: Unresolved[] = []
  try {
    const build = await bundler.rolldown({
      input: entry,
      platform: 'node',
      external: (id) => isBuiltin(id) || id.endsWith('.node') || isNativeLoader(id),
      treeshake: false,
      logLevel: 'warn',
      onLog: (_, log) => void unresolved.push(...unresolvedIn(log)),
      plugins: [
        clientApi,
        ownPlaces(bundler, entry),
        ownState,
        optionalPeers,
        precomputed,
        probePlugin(bundler, probing, sites),
      ],
    })
    // Source maps name files relative to this directory.
    const dir = dirname(entry)
    const { output } = await build.generate({ format: 'esm', sourcemap: true, codeSplitting: false, dir })
    await build.close()
    const [{ code: bundle, map }] = output
    // The first line of a command may name an interpreter, which is invalid in a function.
    const code = bundle.replace(/^#!/, '//')
    requireInstalled(code, unresolved, entry)
    return compiled(entry, { code, map: map as unknown as SourceMapPayload | null, probing, sites })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(`${entry} cannot be bundled: ${firstOf(error)}`, { cause: error })
  }
}

/** The first of the bundler's errors suffices. */
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

/** The names by which the two parts of a bundle use each other's definitions. */
const LOADING = '__chaosLoading'
const LOADED = '__chaosLoaded'

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
  'Reflect',
  '__filename',
  '__dirname',
  PROBE,
  TABLE,
  LISTED,
  NULL,
  LOADING,
  LOADED,
]

interface Bundle {
  readonly code: string
  readonly map: SourceMapPayload | null
  readonly probing: Probing | undefined
  readonly sites: readonly Site[]
}

function compiled(entry: string, { code, map: bundled, probing, sites }: Bundle): Program {
  const place = { entry, directory: dirname(entry), filename: PROGRAM_FILES + entry }
  const { directory, filename } = place
  // The compiled code begins with an added line, so the mappings begin with an empty line.
  const payload = bundled === null ? undefined : { ...bundled, mappings: `;${bundled.mappings}` }
  const found = probing === undefined || payload === undefined ? '' : sourceMapComment(payload, directory)
  const map = payload === undefined ? undefined : new SourceMap(payload)
  const framesIn = (stack: string): readonly Frame[] => framesOf(stack, filename, map, directory)
  const missing = namedIn(code)
  const fileAt = probing === undefined ? fileFinder(code, map, directory) : undefined
  const { own, packages } = partsOf(code, { place, found, fileAt })
  return {
    entry,
    directory,
    lacks: (specifier, stack) => missing.has(specifier) || isMissing(specifier, framesIn(stack)[0]?.file ?? entry),
    expected: expectedIn(code),
    sites,
    awaits: awaitPlaces(sites, directory),
    packages,
    start: (around, loaded) => own(around, { loaded }) as Promise<Exports>,
    frames: framesIn,
  }
}

interface Parts {
  readonly own: (around: Surroundings, given: Given) => unknown
  readonly packages: Program['packages']
}

function partsOf(
  code: string,
  { place, found, fileAt }: { readonly place: Place; readonly found: string; readonly fileAt: FileAt | undefined },
): Parts {
  const statements = statementsOf(code)
  const sources = fileAt && { isInstalled: (file: string) => isInstalled(resolve(file)), fileAt }
  const apart = sources && packagesIn(statements, code, sources)
  const compile = (left: (statement: Node) => Left, before: string, after: string) =>
    compiledPart(asFunctionBody(code, statements, left), { ...place, before, after })
  if (apart === undefined)
    return { own: compile(() => 'all', 'return (async () => {', `})()${found}`), packages: undefined }
  const names = `{ ${apart.names.join(', ')} }`
  const own = compile(apart.ofRest, `return (async () => { const ${names} = ${LOADED};`, `})()${found}`)
  const packages = compile(apart.ofPackages, `const ${apart.loading} = ${LOADING};`, `return ${names}`)
  return { own, packages: (around, loading) => packages(around, { loading }) as object }
}

type FileAt = Sources['fileAt']

function fileFinder(code: string, map: SourceMap | undefined, directory: string): FileAt {
  const lineOf = linesOf(code)
  return (offset, end) => {
    const [, ...lines] = code.slice(offset, end).split('\n')
    for (const [i, text] of lines.entries()) {
      // The map counts lines from 0, and its line 0 is the added line. So the first line of `code` is the map's line 1.
      const line = lineOf(offset) + 1 + i
      const entry = map?.findEntry(line, text.search(/\S|$/)) as
        | { generatedLine?: number; originalSource?: string }
        | undefined
      if (entry?.generatedLine === line && entry.originalSource !== undefined)
        return resolve(directory, entry.originalSource)
    }
    return undefined
  }
}

interface Place {
  readonly entry: string
  readonly directory: string
  readonly filename: string
}

interface Given {
  readonly loading?: LoadModule | undefined
  readonly loaded?: object | undefined
}

function compiledPart(
  { text, tables }: FunctionBody,
  { entry, directory, filename, before, after }: Place & { readonly before: string; readonly after: string },
): Parts['own'] {
  const run = vm.compileFunction(`"use strict"; ${before}\n${text}\n${after}`, PARAMETERS, { filename })
  const madeTable = (number: number): object => tableOf(tables[number] as Table)
  return ({ require, importBuiltin, process, console, performance, reflect, global, probe }, { loading, loaded }) => {
    const module = { exports: {}, filename: entry, id: '.', loaded: false, children: [], paths: [], require }
    return Reflect.apply(run, undefined, [
      ...[
        require,
        importBuiltin,
        metaOf(entry),
        require,
        module,
        module.exports,
        process,
        global,
        global,
        console,
        performance,
      ],
      ...[reflect, entry, directory, probe, madeTable, listedOf, throwAsNull, loading, loaded],
    ]) as unknown
  }
}

/** Returns a source map for debuggers, with the paths of the files on this machine. */
function sourceMapComment(payload: SourceMapPayload, directory: string): string {
  const files = payload.sources.map((source) => resolve(directory, source))
  const installed = files.flatMap((file, i) => (isInstalled(file) ? [i] : []))
  const sources = files.map((file) => pathToFileURL(file).href)
  const map = { ...payload, sources, ignoreList: installed, x_google_ignoreList: installed }
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`
}

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
