import { inputError, type Json } from '@chaosproxy/history'
import { parseDeclarations } from './declarations.ts'
import { decodeMessage } from './decode-message.ts'
import type { Field, FieldKind, MessageType, Method, ScalarName, Schema } from './message-type.ts'
import { WireError } from './wire-reader.ts'

/** The part of `google/protobuf/descriptor.proto` about the layout of messages. */
const own = parseDeclarations(
  {
    FileDescriptorSet: ['repeated File file = 1'],
    File: [
      'string package = 2',
      'repeated Message message_type = 4',
      'repeated Enum enum_type = 5',
      'repeated Service service = 6',
      'string syntax = 12',
    ],
    Message: [
      'string name = 1',
      'repeated Field field = 2',
      'repeated Message nested_type = 3',
      'repeated Enum enum_type = 4',
      'MessageOptions options = 7',
    ],
    MessageOptions: ['bool map_entry = 7'],
    Field: [
      'string name = 1',
      'int32 number = 3',
      'int32 label = 4',
      'int32 type = 5',
      'string type_name = 6',
      'optional int32 oneof_index = 9',
      'bool proto3_optional = 17',
    ],
    Enum: ['string name = 1', 'repeated EnumValue value = 2'],
    EnumValue: ['string name = 1', 'int32 number = 2'],
    Service: ['string name = 1', 'repeated Method method = 2'],
    Method: [
      'string name = 1',
      'string input_type = 2',
      'string output_type = 3',
      'bool client_streaming = 5',
      'bool server_streaming = 6',
    ],
  },
  {},
  'descriptor.proto',
)

/** Scalar types by their number in `FieldDescriptorProto.Type`, without groups, messages and enums. */
const scalars: { readonly [type: number]: ScalarName } = {
  1: 'double',
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
  15: 'sfixed32',
  16: 'sfixed64',
  17: 'sint32',
  18: 'sint64',
}
const TYPE = { message: 11, enum: 14 } as const
const REPEATED = 3

class Node {
  readonly #members: { readonly [name: string]: Json }

  constructor(value: Json | undefined) {
    this.#members = (value ?? {}) as { readonly [name: string]: Json }
  }

  text(name: string): string {
    return String(this.#members[name] ?? '')
  }

  number(name: string): number | undefined {
    const value = this.#members[name]
    return typeof value === 'number' ? value : undefined
  }

  flag(name: string): boolean {
    return this.#members[name] === true
  }

  node(name: string): Node {
    return new Node(this.#members[name])
  }

  list(name: string): readonly Node[] {
    const value = this.#members[name]
    return Array.isArray(value) ? value.map((item: Json) => new Node(item)) : []
  }
}

interface Declared {
  readonly type: MessageType
  readonly node: Node
  readonly isProto3: boolean
  readonly isMapEntry: boolean
}

/**
 * Parses a FileDescriptorSet of `protoc --include_imports --descriptor_set_out=api.desc api.proto`.
 *
 * @throws UserError (input) with a message that begins with `where`.
 */
export function parseDescriptorSet(bytes: Buffer, where: string): Schema {
  const files = filesOf(bytes, where)
  const declared = new Map<string, Declared>()
  const enums = new Map<string, ReadonlyMap<number, string>>()
  for (const file of files) {
    const isProto3 = file.text('syntax') === 'proto3'
    declare(file, 'message_type', prefixOf(file), isProto3, declared, enums)
  }
  for (const message of declared.values())
    for (const field of message.node.list('field')) addField(message, field, declared, enums, where)
  const methods = new Map<string, Method>()
  for (const file of files)
    for (const service of file.list('service'))
      for (const method of service.list('method')) {
        const typeOf = (end: string): MessageType => messageNamed(declared, method.text(end), where)
        methods.set(`/${prefixOf(file)}${service.text('name')}/${method.text('name')}`, {
          input: typeOf('input_type'),
          output: typeOf('output_type'),
          streams: method.flag('client_streaming') || method.flag('server_streaming'),
        })
      }
  return { messages: new Map([...declared].map(([name, { type }]) => [name, type])), methods }
}

const prefixOf = (file: Node): string => (file.text('package') === '' ? '' : `${file.text('package')}.`)

function filesOf(bytes: Buffer, where: string): readonly Node[] {
  const type = own.messages.get('FileDescriptorSet')
  if (type === undefined) throw new TypeError('it is declared above')
  try {
    const files = new Node(decodeMessage(bytes, type)).list('file')
    if (files.length > 0) return files
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  throw inputError(
    `${where} is not a FileDescriptorSet. Make one: protoc --include_imports --descriptor_set_out=api.desc api.proto`,
  )
}

function declare(
  scope: Node,
  member: 'message_type' | 'nested_type',
  prefix: string,
  isProto3: boolean,
  declared: Map<string, Declared>,
  enums: Map<string, ReadonlyMap<number, string>>,
): void {
  for (const node of scope.list('enum_type')) {
    // With aliases, the first name of a number is the canonical one.
    const values = node.list('value').map((value) => [value.number('number') ?? 0, value.text('name')] as const)
    enums.set(`${prefix}${node.text('name')}`, new Map([...values].reverse()))
  }
  for (const node of scope.list(member)) {
    const name = `${prefix}${node.text('name')}`
    const isMapEntry = node.node('options').flag('map_entry')
    declared.set(name, { type: { name, fields: new Map() }, node, isProto3, isMapEntry })
    declare(node, 'nested_type', `${name}.`, isProto3, declared, enums)
  }
}

function addField(
  { type, isProto3, isMapEntry }: Declared,
  node: Node,
  declared: ReadonlyMap<string, Declared>,
  enums: ReadonlyMap<string, ReadonlyMap<number, string>>,
  where: string,
): void {
  const kind = kindOf(node, declared, enums, where)
  // Groups are obsolete, and skipped like unknown fields.
  if (kind === undefined) return
  const isRepeated = node.number('label') === REPEATED
  const entry = typeof kind === 'string' || !('message' in kind) ? undefined : declared.get(kind.message.name)
  const shape: Field['shape'] = !isRepeated ? 'single' : entry?.isMapEntry === true ? 'map' : 'repeated'
  const oneof = node.flag('proto3_optional') ? undefined : node.number('oneof_index')
  const isMessage = typeof kind !== 'string' && 'message' in kind
  const hasDefault =
    isMapEntry && !isMessage
      ? true
      : isProto3 && shape === 'single' && !isMessage && oneof === undefined && !node.flag('proto3_optional')
  type.fields.set(node.number('number') ?? 0, { name: node.text('name'), kind, shape, hasDefault, oneof })
}

function kindOf(
  node: Node,
  declared: ReadonlyMap<string, Declared>,
  enums: ReadonlyMap<string, ReadonlyMap<number, string>>,
  where: string,
): FieldKind | undefined {
  const number = node.number('type') ?? 0
  if (number === TYPE.message) return { message: messageNamed(declared, node.text('type_name'), where) }
  if (number === TYPE.enum) return { names: enums.get(node.text('type_name').slice(1)) ?? new Map() }
  return scalars[number]
}

function messageNamed(declared: ReadonlyMap<string, Declared>, name: string, where: string): MessageType {
  const found = declared.get(name.replace(/^\./, ''))
  if (found !== undefined) return found.type
  throw inputError(
    `${where} uses ${name.replace(/^\./, '')} without declaring it. Make the file with all imports: protoc --include_imports`,
  )
}
