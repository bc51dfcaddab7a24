// The messages of PostgreSQL's protocol 3. Texts are UTF-8; values stay bytes, because their format depends on their
// type.

/** The value of a parameter or a column; null for SQL's NULL. */
export type FieldValue = Buffer | null

/** The format of a value: 0 for text, 1 for binary. */
export type Format = 0 | 1

type Named = readonly (readonly [name: string, value: string])[]

export type FrontendMessage =
  | { readonly kind: 'startup'; readonly minorVersion: number; readonly parameters: Named }
  | { readonly kind: 'ssl-request' }
  | { readonly kind: 'gssenc-request' }
  | { readonly kind: 'cancel-request'; readonly processId: number; readonly secret: Buffer }
  /** A password, or a step of SASL or GSSAPI. */
  | { readonly kind: 'credentials'; readonly bytes: Buffer }
  | { readonly kind: 'query'; readonly sql: string }
  | { readonly kind: 'parse'; readonly statement: string; readonly sql: string; readonly types: readonly number[] }
  | {
      readonly kind: 'bind'
      readonly portal: string
      readonly statement: string
      /** The formats of the values: one for each value, a single one for all values, or none if all values are text. */
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
  /** The id of the column's table; 0 if there is none. */
  readonly table: number
  readonly attribute: number
  readonly type: number
  /** The size of the type in bytes; negative if it varies. */
  readonly size: number
  /** The type's modifier, such as a number's precision; -1 if none. */
  readonly modifier: number
  readonly format: Format
}

export type BackendMessage =
  /** The one-byte reply to a request to encrypt. */
  | { readonly kind: 'encryption'; readonly answer: 'S' | 'G' | 'N' }
  /** The client is authenticated if `method` is 0. */
  | { readonly kind: 'authentication'; readonly method: number; readonly bytes: Buffer }
  | { readonly kind: 'backend-key'; readonly processId: number; readonly secret: Buffer }
  | { readonly kind: 'parameter-status'; readonly name: string; readonly value: string }
  | { readonly kind: 'negotiate-version'; readonly minorVersion: number; readonly unknown: readonly string[] }
  /** `I` when idle, `T` in a transaction, `E` in a failed transaction. */
  | { readonly kind: 'ready'; readonly status: TransactionStatus }
  | { readonly kind: 'row-description'; readonly columns: readonly Column[] }
  | { readonly kind: 'parameter-description'; readonly types: readonly number[] }
  | { readonly kind: 'data-row'; readonly values: readonly FieldValue[] }
  | { readonly kind: 'command-complete'; readonly tag: string }
  /** The fields by their letter: `C` is the SQLSTATE, `M` is the message. */
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
