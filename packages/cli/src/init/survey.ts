import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { COMPOSE_FILES, type ListeningProcess, listeningIn } from '@chaosproxy/targets'
import { readComposeFile } from './compose-file.ts'
import { commandInDockerfile } from './dockerfile.ts'
import type { ComposedService, FoundProgram, SourceFile } from './found.ts'
import { type OtherLanguage, otherLanguages } from './manifests.ts'
import { nodeProgram } from './node-program.ts'
import { pythonProgram } from './python-program.ts'
import { type RoutesInSource, routesInSource } from './routes-in-source.ts'

export interface FolderSurvey {
  readonly program: FoundProgram | undefined
  readonly source: RoutesInSource
  readonly compose: { readonly file: string; readonly services: readonly ComposedService[] } | undefined
  /** The command of a Dockerfile, if no other program was found. */
  readonly image: string | undefined
  readonly listening: readonly ListeningProcess[]
  /** A program in a language that chaos does not read. */
  readonly other: OtherLanguage | undefined
}

/** Examines a project's files without running its code. */
export function surveyFolder(directory: string): FolderSurvey {
  const sources = sourcesIn(directory)
  const [node, python] = [/\.[cm]?[jt]s$/, /\.py$/].map((ending) => sources.filter(({ path }) => ending.test(path)))
  const dockerfile = read(join(directory, 'Dockerfile'))
  const image = dockerfile === undefined ? undefined : commandInDockerfile(dockerfile)
  const venv = existsSync(join(directory, '.venv/bin/python')) ? '.venv/bin/python' : undefined
  const program =
    nodeProgram(read(join(directory, 'package.json')), node ?? [], (path) => existsSync(join(directory, path))) ??
    pythonProgram(python ?? [], venv) ??
    (image && programOf(image, directory))
  const composeFile = COMPOSE_FILES.find((name) => existsSync(join(directory, name)))
  return {
    program,
    source: routesInSource(program === undefined ? sources : entryFirst(sources, program.entry)),
    compose:
      composeFile === undefined
        ? undefined
        : { file: composeFile, services: readComposeFile(read(join(directory, composeFile)) ?? '') },
    image: program === undefined ? image?.join(' ') : undefined,
    listening: listeningIn(directory),
    other: otherLanguages.find(({ file }) => existsSync(join(directory, file))),
  }
}

function programOf([program = '', ...rest]: readonly string[], directory: string): FoundProgram | undefined {
  const script = rest.find((word) => existsSync(join(directory, word)))
  const isHere = /^\.?\/?[\w./-]+$/.test(program) && !program.startsWith('/') && existsSync(join(directory, program))
  if (script === undefined && !isHere) return undefined
  return {
    ...{ where: 'Dockerfile', kind: program, command: [isHere ? `./${program}` : program, ...rest].join(' ') },
    ...{ environment: { PORT: '{port}' }, port: { by: 'unknown' }, entry: script ?? program },
  }
}

/**
 * Returns the sources in the entry file's language. The entry file comes first, because it most likely has the routes.
 */
function entryFirst(sources: readonly SourceFile[], entry: string): readonly SourceFile[] {
  const isPython = (path: string) => path.endsWith('.py')
  const own = sources.filter(({ path }) => isPython(path) === isPython(entry))
  return [...own.filter(({ path }) => path === entry), ...own.filter(({ path }) => path !== entry)]
}

const SKIPPED =
  /^(?:\..*|node_modules|dist|build|coverage|vendor|venv|__pycache__|chaos-results|tests?|__tests__|spec|public)$/
const SOURCE = /\.(?:[cm]?[jt]s|py)$/
const NO_SOURCE = /\.(?:test|spec|config|d)\.[cm]?[jt]s$|^test_.*\.py$/
/** The most files that are read. This suffices for a service, but not for a whole monorepo. */
const MOST_FILES = 200
const MOST_BYTES = 200_000
const DEPTH = 4

function sourcesIn(directory: string): readonly SourceFile[] {
  const found: SourceFile[] = []
  const look = (below: string, depth: number): void => {
    const entries = readdirSync(join(directory, below), { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )
    for (const entry of entries) {
      if (found.length >= MOST_FILES || SKIPPED.test(entry.name)) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && depth < DEPTH) look(path, depth + 1)
      if (!entry.isFile() || !SOURCE.test(entry.name) || NO_SOURCE.test(entry.name)) continue
      const text = statSync(join(directory, path)).size <= MOST_BYTES ? read(join(directory, path)) : undefined
      if (text !== undefined) found.push({ path, text })
    }
  }
  try {
    look('', 0)
  } catch {
    // A folder that cannot be read counts as empty.
  }
  return found
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
