import { createHash } from 'node:crypto'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { transformSync } from 'rolldown/utils'

/** A node of a syntax tree, as the loader's own transformer has it. */
interface Located {
  readonly loc?: { readonly start: Place; readonly end: Place } | null
}

interface Place {
  line: number
  readonly column: number
}

/** A plugin of the loader's own transformer, which keeps statements in the lines where their syntax trees say they are. */
type Plugin = (api: { readonly types: { traverseFast(node: object, seen: (node: Located) => void): void } }) => object

/** Which way of keeping lines this is, since what the loader keeps on the disk is of one way. */
const LINES = 1

/** JavaScript made of a TypeScript file, and what puts it back into the file's own lines. */
export interface Stripped {
  readonly code: string
  readonly inOwnLines: Plugin
}

/**
 * TypeScript as JavaScript, by the transformer that the simulator's bundler has, too, and the nearest tsconfig.json.
 *
 * @throws SyntaxError
 */
export function stripped(source: string, file: string): Stripped {
  const { code, map } = transformed(source, file)
  const payload = map as unknown as SourceMapPayload
  const lines = new SourceMap(payload)
  // Nodes share them.
  const done = new Set<Place>()
  const toOwnLine = (place: Place): void => {
    if (done.has(place)) return
    done.add(place)
    const entry = lines.findEntry(place.line - 1, place.column) as { readonly originalLine?: number }
    if (entry.originalLine !== undefined) place.line = entry.originalLine + 1
  }
  return {
    // What is kept of a file is known by its text, which says nothing of its lines otherwise.
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
  // Nodes of a cluster, and files of users, ran without before anything was read of it.
  tellUnread(file, message.trim())
  return transformed(source, file, false)
}

const told = new Set<string>()

/** Says once what is wrong with a tsconfig.json. */
export function tellUnread(file: string, why: string): void {
  if (told.has(why)) return
  told.add(why)
  process.stderr.write(`${relative(process.cwd(), file)}: its tsconfig.json counts for nothing: ${why}\n`)
}

type Decorator = (target: object, key?: PropertyKey, descriptor?: unknown) => unknown
type Decorate = (decorators: readonly Decorator[], target: object, key?: PropertyKey, descriptor?: unknown) => unknown

/** What the package `reflect-metadata` adds, once a program has loaded it. */
const { Reflect: reflect } = globalThis as unknown as {
  readonly Reflect: {
    readonly decorate?: Decorate
    readonly metadata?: (key: string, value: unknown) => Decorator
  }
}

/** As TypeScript's own. A descriptor of null says that the member has one. */
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

/** What transformed files import, and the bundler brings with it. */
const HELPERS: { readonly [name: string]: unknown } = {
  decorate,
  decorateMetadata: (name: string, value: unknown) => reflect.metadata?.(name, value) ?? (() => undefined),
  decorateParam:
    (index: number, decorator: Decorator): Decorator =>
    (target, key) =>
      void decorator(target, key, index),
}

/** By the names of the modules that have them. */
export const helperModules: { readonly [name: string]: unknown } = Object.fromEntries(
  Object.entries(HELPERS).map(([name, helper]) => [
    `@oxc-project/runtime/helpers/${name}`,
    { __esModule: true, default: helper },
  ]),
)
