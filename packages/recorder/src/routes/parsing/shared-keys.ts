import { foundOrMade, inputError, readsWhole, type UserError } from '@chaosproxy/history'
import type { OperationSpec, RouteSpec } from '../table/route-table.ts'
import { isIgnored, keySpec, operationsOf, requestLine } from '../table/route-table.ts'

/** The objects at a path such as `/users/{key}`. */
interface Collection {
  readonly path: string
  readonly names: readonly string[]
  isRead: boolean
  isChanged: boolean
}

/**
 * Refuses a table in which two collections have equal keys: user 1 and order 1 would be one object. A collection is a
 * path with keys. Only collections that are both read and changed count.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function refuseSharedKeys(routes: readonly RouteSpec[], where: string): void {
  const collections = collectionsOf(routes).filter(({ isRead, isChanged }) => isRead && isChanged)
  for (const [i, collection] of collections.entries()) {
    const other = collections.slice(0, i).find(({ names }) => names.length === collection.names.length)
    if (other !== undefined) throw sharedKeys(other, collection, where)
  }
}

function collectionsOf(routes: readonly RouteSpec[]): readonly Collection[] {
  const byPath = new Map<string, Collection>()
  for (const route of routes) {
    if (isIgnored(route)) continue
    const { path } = requestLine(route)
    for (const operation of operationsOf(route)) {
      const names = namesInKey(operation, path)
      if (names === undefined) continue
      const id = `${names.length} ${path.replaceAll(/\{\w+\}/g, '{}')}`
      const collection = foundOrMade(byPath, id, () => ({ path, names, isRead: false, isChanged: false }))
      if (operation.harmless ?? readsWhole(operation.f)) collection.isRead = true
      else collection.isChanged = true
    }
  }
  return [...byPath.values()]
}

/** Returns the names of the path segments that form the key. Undefined if the key also has parts from other places. */
function namesInKey(operation: OperationSpec, path: string): readonly string[] | undefined {
  const spec = keySpec(operation, path)
  if (spec === undefined) return undefined
  const names: string[] = []
  for (const part of Array.isArray(spec) ? (spec as readonly unknown[]) : [spec]) {
    if (typeof part !== 'string' || !part.startsWith(PATH)) return undefined
    names.push(part.slice(PATH.length))
  }
  return names
}

const PATH = 'path.'

function sharedKeys(one: Collection, other: Collection, where: string): UserError {
  return inputError(
    `${where}: ${one.path} and ${other.path} are both read and changed, and have the same keys. Two objects with the same key would count as one. Distinguish them by a constant: ${keyBeside(one, other)} and ${keyBeside(other, one)}. If they are the same objects, give both the same constant.`,
  )
}

/** Returns a key that begins with a segment that only this path has. */
function keyBeside({ path, names }: Collection, other: Collection): string {
  const others = other.path.split('/')
  const literal = path.split('/').filter((segment) => segment !== '' && segment !== '*' && !segment.includes('{'))
  const constant = literal.find((segment) => !others.includes(segment)) ?? literal.at(-1) ?? path
  return `"key": [${[`{"const": "${constant}"}`, ...names.map((name) => `"path.${name}"`)].join(', ')}]`
}
