import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { environmentError } from '@chaosproxy/history'
import { findProgram } from '../command/programs.ts'

/** A C source file. `disk` and `clock` are libraries preloaded into programs; `layer` is a program that runs others. */
export type LibraryName = 'disk' | 'clock' | 'layer'

const COMPILER = 'cc'
const FLAGS: { readonly [name in LibraryName]: readonly string[] } = {
  disk: ['-O2', '-shared', '-fPIC'],
  clock: ['-O2', '-shared', '-fPIC'],
  layer: ['-O2'],
}
const LIBRARIES = ['-ldl', '-lpthread'] as const
const LONGEST_MS = 60_000

/** Why faults of disks and clocks need a compiler, and what to install. */
export const WITHOUT_COMPILER =
  'it needs a C compiler, and there is no cc on this machine (apt-get install gcc libc6-dev)'

export const hasCompiler = (): boolean => findProgram(COMPILER) !== undefined

const SOURCES = join(
  dirname(createRequire(import.meta.url).resolve('@chaosproxy/targets/package.json')),
  'src',
  'preload',
)

const HEADERS = ['control.h', 'undo.h'] as const

/** Each version of a source is compiled once per machine. */
const cache = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chaosproxy', 'preload')

/**
 * Resolves with the path of a library, which is compiled if necessary.
 *
 * @throws UserError (environment) if it cannot be compiled.
 */
export async function builtLibrary(name: LibraryName): Promise<string> {
  const source = join(SOURCES, `${name}.c`)
  const flags = FLAGS[name]
  const texts = [source, ...HEADERS.map((header) => join(SOURCES, header))].map((path) => readFileSync(path))
  const key = createHash('sha256')
  for (const text of [...texts, process.arch, ...flags]) key.update(text)
  const path = join(cache(), `${name}-${key.digest('hex').slice(0, 16)}.so`)
  if (existsSync(path)) return path
  mkdirSync(cache(), { recursive: true })
  // Other processes may compile the same library at the same time, so each uses its own directory.
  const directory = mkdtempSync(join(cache(), 'making-'))
  try {
    const made = join(directory, `${name}.so`)
    await promisify(execFile)(COMPILER, [...flags, '-o', made, source, ...LIBRARIES], { timeout: LONGEST_MS })
    renameSync(made, path)
    return path
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string }
    throw environmentError(
      `${source} cannot be compiled: ${(stderr || message).trim()}\nInstall what ${COMPILER} lacks (apt-get install gcc libc6-dev), or use only faults that need no compiler, such as kill and pause.`,
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
