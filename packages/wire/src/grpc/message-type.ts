/** The type of a field's value, with the message type or the enum's names. */
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
  /** The declared name (`range_end`), used as the JSON member. */
  readonly name: string
  readonly kind: FieldKind
  readonly shape: 'single' | 'repeated' | 'map'
  /** Absent from the wire, it has its type's default value rather than none. */
  readonly hasDefault: boolean
  /** At most one of a message's fields with the same number is set. */
  readonly oneof?: number | undefined
}

/** A declared message. Types may refer to each other, so fields are added once all types are known. */
export interface MessageType {
  /** `etcdserverpb.PutRequest` */
  readonly name: string
  /** By field number. */
  readonly fields: Map<number, Field>
}

/** An RPC method: its input and output types, and which of them are streamed. */
export interface Method {
  readonly input: MessageType
  readonly output: MessageType
  readonly streams: boolean
}

export interface Schema {
  /** By name, `etcdserverpb.PutRequest`. */
  readonly messages: ReadonlyMap<string, MessageType>
  /** By path, `/etcdserverpb.KV/Put`. */
  readonly methods: ReadonlyMap<string, Method>
}
