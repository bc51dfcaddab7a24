import { createRequire } from 'node:module'
import vm from 'node:vm'
import { type PackageRewrite, packageRewrite } from './package-rewrite.ts'
import { LISTED } from './tables.ts'

/**
 * Replaces a computation of `mime-types` at load time by its result. Under Express, which has several copies of the
 * package, it took half of every run.
 */
export const precomputed: PackageRewrite = packageRewrite('precomputed', (code, id) => {
  if (!MIME_TYPES.test(id) || code.match(POPULATES)?.length !== 1 || !TABLE.test(code)) return undefined
  const made = exportsOf(code, id)
  return made && code.replace(POPULATES, () => populated(made))
})

const MIME_TYPES = /[/\\]mime-types[/\\]index\.js$/
const TABLE = /^(?:var|const) db = require\('mime-db'\);?$/m
/**
 * Matches the statement that fills `exports.extensions` and `exports.types`. It must be the only statement on its line.
 */
const POPULATES = /^populateMaps\(exports\.extensions, exports\.types\);?$/gm

interface MimeTypes {
  readonly extensions: { readonly [type: string]: unknown }
  readonly types: { readonly [extension: string]: string }
  readonly _extensionConflicts?: readonly unknown[]
}

function exportsOf(code: string, id: string): MimeTypes | undefined {
  const module = { exports: {} as Partial<MimeTypes> }
  try {
    vm.compileFunction(code, ['exports', 'require'], { filename: id })(module.exports, createRequire(id))
  } catch {
    return undefined
  }
  const { types, extensions, _extensionConflicts } = module.exports
  if (types === undefined || extensions === undefined) return undefined
  return { types, extensions, ...(_extensionConflicts && { _extensionConflicts }) }
}

/**
 * `exports.extensions` gets the lists of `mime-db` themselves and not copies, because programs may change these lists.
 */
const populated = ({ types, extensions, _extensionConflicts: conflicts }: MimeTypes): string =>
  [
    `exports.extensions = ${listed(keysOf(extensions))}, (type) => db[type].extensions)`,
    `exports.types = ${listed(types)})`,
    ...(conflicts === undefined ? [] : [`exports._extensionConflicts.push(...${JSON.stringify(conflicts)})`]),
  ].join('; ')

const keysOf = (members: object): object => Object.fromEntries(Object.keys(members).map((key) => [key, true]))

const listed = (members: object): string => `${LISTED}(${JSON.stringify(JSON.stringify(members))}`
