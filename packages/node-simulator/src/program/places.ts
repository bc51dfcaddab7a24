import { realpathSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RolldownMagicString, RolldownPlugin } from 'rolldown'
import { isInstalled } from './probes.ts'
import { META } from './rewrite.ts'
import { namesIn } from './scopes.ts'
import { isFunction, type Node, parsed, visit } from './syntax.ts'

/** The content of a module's `import.meta`. */
export interface Meta {
  readonly url: string
  readonly filename: string
  readonly dirname: string
  /** Whether the module is the file that was started. */
  readonly main: boolean
  resolve(specifier: string): string
}

/** Returns a function that gives `import.meta` for a file, by default the entry. */
export function metaOf(entry: string): (file?: string) => Meta {
  const made = new Map<string, Meta>()
  return (file = entry) => {
    const before = made.get(file)
    if (before !== undefined) return before
    const url = pathToFileURL(file).href
    const resolve = (specifier: string): string => resolvedFrom(url, specifier)
    const meta = { url, filename: file, dirname: dirname(file), main: file === entry, resolve }
    made.set(file, meta)
    return meta
  }
}

function resolvedFrom(url: string, specifier: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`
  if (/^\.{0,2}\/|^[a-z]+:/.test(specifier)) return new URL(specifier, url).href
  try {
    return pathToFileURL(createRequire(url).resolve(specifier)).href
  } catch (error) {
    throw Object.assign(error as Error, { code: 'ERR_MODULE_NOT_FOUND' })
  }
}

/** Matches the expressions by which a module finds its own path. */
const ASKS = /import\.meta|\b__(?:file|dir)name\b|\brequire\.main\b|\bmodule\.parent\b/

/** Tells modules their own paths, which they cannot find in a bundle. */
export function ownPlaces(
  { RolldownMagicString: Text }: { readonly RolldownMagicString: new (code: string) => RolldownMagicString },
  entry: string,
): RolldownPlugin {
  const real = realpathSync(entry)
  return {
    name: 'own-places',
    transform(code, id) {
      if (!ASKS.test(code) || !isAbsolute(id)) return undefined
      const program = parsed(code, id)
      if (program === undefined) return undefined
      const file = id === real ? entry : id
      const text = new Text(code)
      const edits = { ...editsOf(program, code, isInstalled(id) ? undefined : mainSeenFrom(file, entry)), text }
      if (!replacePlaces(edits, file)) return undefined
      return { code: text.toString(), map: text.generateMap({ hires: true, source: id }).toString() }
    },
  }
}

interface Main {
  readonly [member: string]: string
}

const mainSeenFrom = (file: string, entry: string): Main => {
  const started = JSON.stringify({ filename: entry })
  return file === entry
    ? { 'require.main': `Object.assign(module, ${started})` }
    : { 'require.main': `(${started})`, 'module.parent': `(${started})` }
}

interface Edits {
  readonly text: RolldownMagicString
  readonly metas: readonly Node[]
  /** Replacements of `require.main`, `module.parent`, and calls that create a `require`. */
  readonly replaced: readonly (readonly [node: Node, text: string])[]
  readonly free: readonly string[]
  /** The offset where the first statement may begin. */
  readonly start: number
  /** Whether only `import.meta` makes the file an ES module. */
  readonly isModuleByMeta: boolean
}

function replacePlaces({ text, metas, replaced, free, start, isModuleByMeta }: Edits, file: string): boolean {
  for (const { start, end } of metas) text.overwrite(start, end, `${META}(${JSON.stringify(file)})`)
  for (const [{ start, end }, by] of replaced) text.overwrite(start, end, by)
  const places: { readonly [name: string]: string } = { __filename: file, __dirname: dirname(file) }
  const named = free.map((name) => `var ${name} = ${JSON.stringify(places[name])};`)
  if (named.length > 0) text.appendRight(start, named.join(''))
  if (isModuleByMeta) text.append('\n;export {}')
  return metas.length + replaced.length + named.length > 0
}

function editsOf(program: Node, code: string, main: Main | undefined): Omit<Edits, 'text'> {
  const [metas, replaced] = [[] as Node[], [] as (readonly [Node, string])[]]
  const [used, declared] = [new Set<string>(), new Set<string>()]
  const statements = program['body'] as readonly Node[]
  visit(statements, (node) => {
    if (node.type === 'MetaProperty' && code.slice(node.start, node.end) === 'import.meta') metas.push(node)
    if (node.type === 'Identifier') used.add(String(node['name']))
    for (const name of declaredIn(node)) declared.add(name)
    const member = memberOf(node)
    const text = member === undefined ? undefined : main?.[member]
    if (text !== undefined) replaced.push([node, text])
  })
  const isFree = (name: string): boolean => used.has(name) && !declared.has(name)
  // The bundler does not follow the calls of a `require` that the module itself creates. So the statement that creates
  // the `require` is removed.
  const made = statements.find((statement) => makesRequire(statement, code))
  if (made !== undefined) replaced.push([made, ';'])
  return {
    metas: metas.filter(({ start }) => made === undefined || start < made.start || start > made.end),
    // If the module declares its own `require` or `module`, then `require.main` and `module.parent` may have another
    // meaning, and are not replaced. If the statement `made` exists, the last item of `replaced`, which removes it, is
    // kept.
    replaced:
      declared.has('require') || declared.has('module')
        ? replaced.slice(made === undefined ? replaced.length : -1)
        : replaced,
    free: ['__filename', '__dirname'].filter(isFree),
    start: /^(?:\uFEFF)?(?:#!.*\n)?/.exec(code)?.[0].length ?? 0,
    isModuleByMeta: metas.length > 0 && !statements.some(({ type }) => /^(?:Import|Export)/.test(type)),
  }
}

const makesRequire = ({ type, start, end }: Node, code: string): boolean =>
  type === 'VariableDeclaration' &&
  /^(?:const|let|var)\s+require\s*=\s*(?:\w+\.)?createRequire\(\s*import\.meta\.(?:url|filename)\s*\);?$/.test(
    code.slice(start, end),
  )

function memberOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined
  return `${String((node['object'] as Node)['name'])}.${String((node['property'] as Node)['name'])}`
}

function declaredIn(node: Node): readonly string[] {
  if (/^(?:VariableDeclarator|Import\w*Specifier)$/.test(node.type)) return namesIn(node)
  return isFunction(node) ? namesIn(node['params']) : []
}
