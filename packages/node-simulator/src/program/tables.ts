import type { Node } from './syntax.ts'

/**
 * The name of the function that rewritten programs call to get a table, which is the object of a large JSON file (see
 * `tableIn`). The argument is the table's number.
 */
export const TABLE = '__chaosTable'
/** The name of a function in rewritten programs. It turns a JSON text into an object without a prototype. */
export const LISTED = '__chaosListed'

const FEWEST = 200

type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data }
export type Table = { readonly [key: string]: Data }
type Made = { [key: string]: unknown }

/**
 * Bundlers turn a JSON file into an assignment `module.exports = {…}`. If `node` is such an assignment, and the object
 * is large, returns the object's data.
 */
export function tableIn(node: Node): { readonly at: Node; readonly table: Table } | undefined {
  if (node.type !== 'AssignmentExpression' || node['operator'] !== '=') return undefined
  const [left, right] = [node['left'] as Node, node['right'] as Node]
  if (left.type !== 'MemberExpression' || left['computed'] === true) return undefined
  const [object, property] = [left['object'] as Node, left['property'] as Node]
  if (object['name'] !== 'module' || property['name'] !== 'exports' || right.type !== 'ObjectExpression')
    return undefined
  if ((right['properties'] as readonly Node[]).length < FEWEST) return undefined
  const table = dataOf(right)
  return table === undefined ? undefined : { at: right, table: table as Table }
}

function dataOf(node: Node | null): Data | undefined {
  switch (node?.type) {
    case 'Literal': {
      const { value } = node
      return value === null || typeof value !== 'object' ? literalOf(node) : undefined
    }
    case 'ArrayExpression': {
      const elements = (node['elements'] as readonly (Node | null)[]).map(dataOf)
      return elements.some((each) => each === undefined) ? undefined : (elements as Data[])
    }
    case 'ObjectExpression': {
      const members = (node['properties'] as readonly Node[]).map(memberOf)
      return members.some((each) => each === undefined)
        ? undefined
        : Object.fromEntries(members as (readonly [string, Data])[])
    }
    default:
      return undefined
  }
}

function literalOf({ value, raw }: Node): Data | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return raw === 'null' ? null : undefined
}

function memberOf(property: Node): readonly [string, Data] | undefined {
  const { kind, computed, shorthand, method } = property
  if (property.type !== 'Property' || kind !== 'init' || computed === true || shorthand === true || method === true)
    return undefined
  const { name, value: text } = property['key'] as Node
  const [key, value] = [String(name ?? text), dataOf(property['value'] as Node)]
  // In an object literal, the key `__proto__` would set the prototype.
  return key === '__proto__' || value === undefined ? undefined : [key, value]
}

// The original functions, because a program may replace them.
const { hasOwn, keys: keysOf } = Object
const { get, has, getOwnPropertyDescriptor, ownKeys, set, defineProperty, deleteProperty } = Reflect
const { preventExtensions, setPrototypeOf } = Reflect
const { parse } = JSON

/** Returns a copy of a table for one start of the program. Each member is created when it is first read. */
export const tableOf = (table: Table): object => lazily(table, {}, (key) => copyOf(table[key]))

const read = new Map<string, Table>()

/** Returns an object without a prototype for a JSON text; `make` creates each value when it is first read. */
export function listedOf(text: string, make?: (key: string) => unknown): object {
  const known = read.get(text) ?? (parse(text) as Table)
  read.set(text, known)
  return lazily(known, Object.create(null), make ?? ((key) => known[key]))
}

const copyOf = (data: unknown): unknown => {
  if (typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) {
    const copies: unknown[] = []
    for (let i = 0; i < data.length; i++) copies[i] = copyOf(data[i])
    return copies
  }
  const copy: Made = {}
  for (const key in data) copy[key] = copyOf((data as Made)[key])
  return copy
}

/**
 * Creates members on demand. An operation on several members, or any change of the object, first creates all members.
 */
function lazily(known: Table, made: Made, make: (key: string) => unknown): object {
  const look = (key: PropertyKey): void => {
    if (typeof key === 'string' && hasOwn(known, key) && !hasOwn(made, key)) made[key] = make(key)
  }
  const complete = (): void => {
    for (const trap of keysOf(handler)) delete handler[trap as keyof typeof handler]
    for (const key of keysOf(known)) {
      const value = hasOwn(made, key) ? made[key] : make(key)
      delete made[key]
      made[key] = value
    }
  }
  const looking =
    <Rest extends unknown[], Result>(act: (target: object, key: PropertyKey, ...rest: Rest) => Result) =>
    (target: object, key: PropertyKey, ...rest: Rest): Result => {
      look(key)
      return act(target, key, ...rest)
    }
  const completing =
    <Rest extends unknown[], Result>(act: (target: object, ...rest: Rest) => Result) =>
    (target: object, ...rest: Rest): Result => {
      complete()
      return act(target, ...rest)
    }
  const handler: ProxyHandler<object> = {
    get: looking(get),
    has: looking(has),
    getOwnPropertyDescriptor: looking(getOwnPropertyDescriptor),
    ownKeys: completing(ownKeys),
    set: completing(set),
    defineProperty: completing(defineProperty),
    deleteProperty: completing(deleteProperty),
    preventExtensions: completing(preventExtensions),
    setPrototypeOf: completing(setPrototypeOf),
  }
  return new Proxy(made, handler)
}
