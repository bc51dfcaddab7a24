/** The type of a field's value: a scalar, a message type, or an enum's names by number. */
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
  /** The declared name (`range_end`), which is also the JSON member's name. */
  readonly name: string
  readonly kind: FieldKind
  readonly shape: 'single' | 'repeated' | 'map'
  /** Whether an absent field has its type's default value. */
  readonly hasDefault: boolean
  /** The number of the field's oneof, of which at most one field is set. */
  readonly oneof?: number | undefined
}

/** A message type. Types may refer to each other, so fields are added once all are known. */
export interface MessageType {
  /** `etcdserverpb.PutRequest` */
  readonly name: string
  /** By field number. */
  readonly fields: Map<number, Field>
}

/** An RPC method: its input and output types, and whether either is streamed. */
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
