import { createHash } from 'node:crypto'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { transformSync } from 'rolldown/utils'

interface Located {
  readonly loc?: { readonly start: Place; readonly end: Place } | null
}

interface Place {
  line: number
  readonly column: number
}

/** A plugin that keeps each statement on its original line. */
type Plugin = (api: { readonly types: { traverseFast(node: object, seen: (node: Located) => void): void } }) => object

/** The version of the transformation. The loader's cache on disk must not mix results of different versions. */
const LINES = 1

/** JavaScript from a TypeScript file, and a plugin that restores the lines of the original file. */
interface Stripped {
  readonly code: string
  readonly inOwnLines: Plugin
}

/**
 * Compiles TypeScript as the simulator's bundler does, with the nearest tsconfig.json.
 *
 * @throws SyntaxError
 */
export function stripped(source: string, file: string): Stripped {
  const { code, map } = transformed(source, file)
  const payload = map as unknown as SourceMapPayload
  const lines = new SourceMap(payload)
  // Nodes share positions.
  const done = new Set<Place>()
  const toOwnLine = (place: Place) => {
    if (done.has(place)) return
    done.add(place)
    const entry = lines.findEntry(place.line - 1, place.column) as { readonly originalLine?: number }
    if (entry.originalLine !== undefined) place.line = entry.originalLine + 1
  }
  return {
    // The loader's cache identifies a file by its text, so the text contains a hash of the line mappings.
    code: `${code}\n// ${LINES} ${createHash('sha256').update(payload.mappings).digest('hex').slice(0, 16)}`,
    inOwnLines: ({ types }) => ({
      visitor: {
        Program: {
          enter({ node }: { readonly node: object }) {
            types.traverseFast(node, ({ loc }) => {
              if (loc === undefined || loc === null) return
              toOwnLine(loc.start)
              toOwnLine(loc.end)
            })
          },
        },
      },
    }),
  }
}

function transformed(source: string, file: string, tsconfig = true): ReturnType<typeof transformSync> {
  const result = transformSync(file, source, { tsconfig, sourcemap: true })
  const [error] = result.errors
  if (error === undefined) return result
  const message = stripVTControlCharacters(error.message)
  if (!tsconfig || !message.includes('[TSCONFIG_ERROR]'))
    throw new SyntaxError(`${relative(process.cwd(), file)}: ${message}`)
  // An unreadable tsconfig.json is a warning, not an error, because earlier versions of chaos never read the file.
  warnUnread(file, message.trim())
  return transformed(source, file, false)
}

const warned = new Set<string>()

export function warnUnread(file: string, why: string): void {
  if (warned.has(why)) return
  warned.add(why)
  process.stderr.write(`${relative(process.cwd(), file)}: its tsconfig.json is ignored: ${why}\n`)
}

type Decorator = (target: object, key?: PropertyKey, descriptor?: unknown) => unknown
type Decorate = (decorators: readonly Decorator[], target: object, key?: PropertyKey, descriptor?: unknown) => unknown

/** The functions of the package `reflect-metadata`, once loaded. */
const { Reflect: reflect } = globalThis as unknown as {
  readonly Reflect: {
    readonly decorate?: Decorate
    readonly metadata?: (key: string, value: unknown) => Decorator
  }
}

/**
 * Decorates a class or a member, as TypeScript's own helper does. `given` is the member's descriptor; null stands for
 * the descriptor that the member has in `target`.
 */
const decorate: Decorate = (decorators, target, key, given) => {
  const described = given === null && key !== undefined ? Object.getOwnPropertyDescriptor(target, key) : given
  let made: unknown = key === undefined ? target : described
  if (reflect.decorate !== undefined) made = reflect.decorate(decorators, target, key, described)
  else
    for (const decorator of [...decorators].reverse())
      made = (key === undefined ? decorator(made as object) : decorator(target, key, made)) || made
  if (key !== undefined && made) Object.defineProperty(target, key, made as PropertyDescriptor)
  return made
}

const HELPERS: { readonly [name: string]: unknown } = {
  decorate,
  decorateMetadata: (name: string, value: unknown) => reflect.metadata?.(name, value) ?? (() => undefined),
  decorateParam:
    (index: number, decorator: Decorator): Decorator =>
    (target, key) =>
      void decorator(target, key, index),
}

export const helperModules: { readonly [name: string]: unknown } = Object.fromEntries(
  Object.entries(HELPERS).map(([name, helper]) => [
    `@oxc-project/runtime/helpers/${name}`,
    { __esModule: true, default: helper },
  ]),
)
