import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../../testing/src/chaos.ts'

/** An export of a package, as declared in its built `dist/*.d.ts`. */
export interface Declared {
  readonly name: string
  /** The docstring of the export, as Markdown; empty if the export has none. */
  readonly doc: string
  /** The declaration without its docstring. The overloads of a function follow one another. */
  readonly text: string
}

/**
 * Matches the first line of a declaration, statement or comment. The lines of its body are indented, up to a closing
 * brace.
 */
const BEGINS = /^(?:\/\*\*|\/\/|export\b|declare\b|import\b|interface\b|type\b|(?:abstract )?class\b)/
const REEXPORTED = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?;$/gm
const IMPORTED = /^import (?:type )?\{([^}]*)\} from '([^']+)';$/gm

/** Returns the names that a declaration file exports and this project declares. Re-exported names come first. */
export function exportsOf(path: string): readonly Declared[] {
  const text = readFileSync(path, 'utf8')
  const own = [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:interface|class|function|const|type) (\w+)/gm)]
  const names = new Map<string, string | undefined>()
  const imported = new Map(
    [...text.matchAll(IMPORTED)].flatMap(([, listed = '', from]) =>
      namesIn(listed).map((name) => [name, from] as const),
    ),
  )
  for (const [, listed = '', from] of text.matchAll(REEXPORTED)) {
    for (const name of namesIn(listed)) names.set(name, from ?? imported.get(name))
  }
  for (const [, name = ''] of own) names.set(name, undefined)
  return [...names].flatMap(([name, from]) => {
    const found = from === undefined ? declared(text, name) : declaredIn(path, from, name)
    return found === undefined ? [] : [found]
  })
}

const namesIn = (listed: string): readonly string[] =>
  listed.split(',').map((name) => name.trim().replace(/^type /, ''))

/** Returns undefined if another package declares the name. */
function declaredIn(importer: string, from: string, name: string): Declared | undefined {
  const path = from.startsWith('.')
    ? join(dirname(importer), from.replace(/\.ts$/, '.d.ts'))
    : from.startsWith('@chaosproxy/')
      ? declarationsOf(from)
      : undefined
  return path === undefined ? undefined : exportsOf(path).find((each) => each.name === name)
}

/** Returns the declarations of `@chaosproxy/NAME` or `@chaosproxy/NAME/PART`, according to its package.json. */
export function declarationsOf(specifier: string): string {
  const [, name = '', ...part] = specifier.split('/')
  const directory = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const path = join(directory, exports[['.', ...part].join('/')].types)
  if (!existsSync(path)) throw new Error(`${path} is not built. Build it: npx tsc -b`)
  return path
}

function declared(text: string, name: string): Declared | undefined {
  const lines = text.split('\n')
  const declares = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:interface|class|function|const|type) ${name}\\b`,
  )
  const starts = lines.flatMap((line, at) => (declares.test(line) ? [at] : []))
  const [first] = starts
  if (first === undefined) return undefined
  const texts = starts.map((start) => {
    const next = lines.findIndex((line, at) => at > start && BEGINS.test(line))
    return lines
      .slice(start, next === -1 ? lines.length : next)
      .join('\n')
      .trim()
  })
  return { name, doc: docBefore(lines, first), text: texts.join('\n').replaceAll(/^export (?:declare )?/gm, '') }
}

function docBefore(lines: readonly string[], declaration: number): string {
  if (lines[declaration - 1]?.trim().endsWith('*/') !== true) return ''
  let start = declaration - 1
  while (start > 0 && !lines[start]?.startsWith('/**')) start--
  return lines
    .slice(start, declaration)
    .join('\n')
    .replace(/^\/\*\*[ \n]/, '')
    .replace(/\s*\*\/$/, '')
    .replaceAll(/^ \* ?/gm, '')
    .replaceAll(/^@(\w+)/gm, '- *$1*')
    .replace(/\n- /, '\n\n- ')
    .replaceAll('\n\n\n', '\n\n')
}
