// The messages of PostgreSQL's protocol 3, as values. Texts are UTF-8; values stay bytes, since their format depends on
// their type.

/** A parameter or a column; null for SQL's NULL. */
export type FieldValue = Buffer | null

/** 0: text, 1: binary. */
export type Format = 0 | 1

type Named = readonly (readonly [name: string, value: string])[]

export type FrontendMessage =
  | { readonly kind: 'startup'; readonly minorVersion: number; readonly parameters: Named }
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gssenc-request' }
  | { readonly kind: 'cancel-request'; readonly processId: number; readonly secret: Buffer }
  /** A password, or a step of SASL or GSSAPI, depending on the server's request. */
  | { readonly kind: 'credentials'; readonly bytes: Buffer }
  | { readonly kind: 'query'; readonly sql: string }
  | { readonly kind: 'parse'; readonly statement: string; readonly sql: string; readonly types: readonly number[] }
  | {
      readonly kind: 'bind'
      readonly portal: string
      readonly statement: string
      /** One for each value, one for all, or none if all are text. */
      readonly formats: readonly Format[]
      readonly values: readonly FieldValue[]
      readonly resultFormats: readonly Format[]
    }
  | { readonly kind: 'describe' | 'close'; readonly of: 'statement' | 'portal'; readonly name: string }
  /** `mostRows`: 0 for all. */
  | { readonly kind: 'execute'; readonly portal: string; readonly mostRows: number }
  | { readonly kind: 'function-call'; readonly bytes: Buffer }
  | { readonly kind: 'copy-fail'; readonly reason: string }
  | CopyMessage
  | { readonly kind: 'sync' | 'flush' | 'terminate' }

type CopyMessage = { readonly kind: 'copy-data'; readonly bytes: Buffer } | { readonly kind: 'copy-done' }

export interface Column {
  readonly name: string
  /** 0 if the column belongs to no table. */
  readonly table: number
  readonly attribute: number
  readonly type: number
  /** The type's size; negative if it varies. */
  readonly size: number
  /** Its modifier, such as the digits of a number; -1 if it has none. */
  readonly modifier: number
  readonly format: Format
}

export type BackendMessage =
  /** The one-byte reply to a request to encrypt. */
  | { readonly kind: 'encryption'; readonly answer: 'S' | 'G' | 'N' }
  /** `method` 0: the client is authenticated. */
  | { readonly kind: 'authentication'; readonly method: number; readonly bytes: Buffer }
  | { readonly kind: 'backend-key'; readonly processId: number; readonly secret: Buffer }
  | { readonly kind: 'parameter-status'; readonly name: string; readonly value: string }
  | { readonly kind: 'negotiate-version'; readonly minorVersion: number; readonly unknown: readonly string[] }
  /** Idle, in a transaction, in a failed transaction. */
  | { readonly kind: 'ready'; readonly status: TransactionStatus }
  | { readonly kind: 'row-description'; readonly columns: readonly Column[] }
  | { readonly kind: 'parameter-description'; readonly types: readonly number[] }
  | { readonly kind: 'data-row'; readonly values: readonly FieldValue[] }
  | { readonly kind: 'command-complete'; readonly tag: string }
  /** The report's fields by their letter: `C` is the SQLSTATE, `M` the message. */
  | { readonly kind: 'error' | 'notice'; readonly fields: Named }
  | { readonly kind: 'notification'; readonly processId: number; readonly channel: string; readonly payload: string }
  | { readonly kind: 'function-result'; readonly value: FieldValue }
  | {
      readonly kind: 'copy-in' | 'copy-out' | 'copy-both'
      readonly format: Format
      readonly columns: readonly Format[]
    }
  | CopyMessage
  | { readonly kind: BareReply }

export type BareReply =
  | 'parse-complete'
  | 'bind-complete'
  | 'close-complete'
  | 'no-data'
  | 'empty-query'
  | 'portal-suspended'

type TransactionStatus = 'I' | 'T' | 'E'
