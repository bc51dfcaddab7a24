import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { Field, FieldKind, MessageType, Method, ScalarName, Schema } from './message-type.ts'
import { scalarNames } from './message-type.ts'

const DECLARATION =
  /^\s*(?:(repeated|optional|required)\s+)?([\w.]+|map\s*<\s*\w+\s*,\s*[\w.]+\s*>)\s+(\w+)\s*=\s*(\d+)\s*;?\s*$/

/**
 * Parses messages and methods, written as in a `.proto` file:
 *
 * "messages": {"etcdserverpb.PutRequest": ["bytes key = 1", "bytes value = 2"], …}, "methods": {"/etcdserverpb.KV/Put":
 * ["etcdserverpb.PutRequest", "etcdserverpb.PutResponse"]}
 *
 * Undeclared fields are skipped. Declare an enum as `int32`.
 *
 * @throws UserError (input) with a message that begins with `where`.
 */
export function parseDeclarations(messages: unknown, methods: unknown, where: string): Schema {
  const declared = readObject(messages, `${where}: "messages"`)
  const types = new Map<string, MessageType>(Object.keys(declared).map((name) => [name, { name, fields: new Map() }]))
  for (const [name, lines] of Object.entries(declared)) {
    const at = `${where}: "messages": ${name}`
    if (!Array.isArray(lines)) throw inputError(`${at} must be a list of fields: ["bytes key = 1"].`)
    for (const line of lines as readonly unknown[]) addField(types, name, line, at)
  }
  const given = Object.entries(readObject(methods ?? {}, `${where}: "methods"`))
  return {
    messages: types,
    methods: new Map(given.map(([path, pair]) => [path, parseMethod(types, path, pair, where)])),
  }
}

function addField(types: ReadonlyMap<string, MessageType>, message: string, line: unknown, where: string): void {
  const parts = typeof line === 'string' ? DECLARATION.exec(line) : null
  if (parts === null)
    throw inputError(`${where}: ${quote(line)} declares no field. Write it as in a .proto file: "bytes key = 1".`)
  const [, label, typeName = '', name = '', number] = parts
  const map = /^map\s*<\s*(\w+)\s*,\s*([\w.]+)\s*>$/.exec(typeName)
  const shape = map !== null ? 'map' : label === 'repeated' ? 'repeated' : 'single'
  const kindOf = (type: string): FieldKind => resolve(types, message, type, `${where}: ${quote(line)}`)
  const kind = map === null ? kindOf(typeName) : { message: entryOf(kindOf(map[1] ?? ''), kindOf(map[2] ?? '')) }
  const hasDefault = shape === 'single' && label === undefined && typeof kind === 'string'
  types.get(message)?.fields.set(Number(number), { name, kind, shape, hasDefault })
}

function entryOf(key: FieldKind, value: FieldKind): MessageType {
  const field = (name: string, kind: FieldKind): Field => {
    const hasDefault = typeof kind === 'string'
    return { name, kind, shape: 'single', hasDefault }
  }
  const fields = new Map([
    [1, field('key', key)],
    [2, field('value', value)],
  ])
  return { name: 'entry', fields }
}

/** Finds a type by its name: first in the message, then in the enclosing messages and packages. */
function resolve(types: ReadonlyMap<string, MessageType>, message: string, name: string, where: string): FieldKind {
  if ((scalarNames as readonly string[]).includes(name)) return name as ScalarName
  const scopes = message.split('.')
  for (let length = scopes.length; length >= 0; length--) {
    const found = types.get([...scopes.slice(0, length), name.replace(/^\./, '')].join('.'))
    if (found !== undefined) return { message: found }
  }
  throw inputError(
    `${where}: ${quote(name)} is not a type. Declare it in "messages", or take int32 for an enum. Types: ${scalarNames.join(', ')}.`,
  )
}

function parseMethod(types: ReadonlyMap<string, MessageType>, path: string, pair: unknown, where: string): Method {
  const at = `${where}: "methods": ${path}`
  const [input, output] = Array.isArray(pair) ? pair.map((name) => types.get(String(name))) : []
  if (!/^\/[^/\s]+\/[^/\s]+$/.test(path))
    throw inputError(`${at}: ${quote(path)} is not a method. Write it as gRPC does: "/package.Service/Method".`)
  if (input === undefined || output === undefined || (pair as readonly unknown[]).length !== 2)
    throw inputError(
      `${at}: give the types of the request and of the response, as declared in "messages": ["a.Request", "a.Response"].`,
    )
  return { input, output, streams: false }
}
