/** What a field's value is; of a message or an enum, which one. */
export type FieldKind = ScalarName | { readonly message: MessageType } | { readonly names: ReadonlyMap<number, string> }

export const scalarNames = [
  'double',
  'float',
  'int64',
  'uint64',
  'int32',
  'fixed64',
  'fixed32',
  'bool',
  'string',
  'bytes',
  'uint32',
  'sfixed32',
  'sfixed64',
  'sint32',
  'sint64',
] as const

export type ScalarName = (typeof scalarNames)[number]

export interface Field {
  /** As it is declared, `range_end`: the name of a member. */
  readonly name: string
  readonly kind: FieldKind
  readonly shape: 'single' | 'repeated' | 'map'
  /** Without it on the wire, it has its type's default value, and not none. */
  readonly hasDefault: boolean
  /** Fields of one message with the same number exclude each other. */
  readonly oneof?: number | undefined
}

/** A message as it is declared. Types may contain each other, so fields are added once all are known. */
export interface MessageType {
  /** `etcdserverpb.PutRequest` */
  readonly name: string
  /** By their numbers. */
  readonly fields: Map<number, Field>
}

/** A call: what is asked and answered, and whether either is a stream of messages. */
export interface Method {
  readonly input: MessageType
  readonly output: MessageType
  readonly streams: boolean
}

/** What is known of a service's messages. */
export interface Schema {
  /** By name, `etcdserverpb.PutRequest`. */
  readonly messages: ReadonlyMap<string, MessageType>
  /** By path, `/etcdserverpb.KV/Put`. */
  readonly methods: ReadonlyMap<string, Method>
}
