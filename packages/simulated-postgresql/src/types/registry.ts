import type { Calculator } from './calculator.ts'
import type { RecordColumn, SqlType, SqlValue } from './value.ts'

/** What the engine knows of a type: `pg_type`'s columns, and how its values are read, written and compared. */
export interface TypeDefinition {
  readonly oid: number
  readonly name: string
  /** Of a type that was created; the others are in `pg_catalog`. */
  readonly schema?: string
  /** The type of its arrays; 0 if there is none. */
  readonly arrayOid: number
  /** The type of its elements, for an array; 0 otherwise. */
  readonly elementOid: number
  /** Bytes of a value, -1 if they vary: `pg_type.typlen`. */
  readonly length: number
  /** `pg_type.typtype`: base, composite, domain, enum, pseudo, range, multirange. */
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm'
  /** `pg_type.typcategory`: which types convert into each other without a cast. */
  readonly category: string
  readonly preferred: boolean
  /** The separator of elements in the text of an array. */
  readonly delimiter: string
  /** Reads the text form; throws {@link SqlError} 22P02 and its like. Without a modifier -1. */
  input(text: string, context: TextContext, typmod: number): SqlValue
  output(value: SqlValue, context: TextContext): string
  receive(bytes: Uint8Array, context: TextContext, typmod: number): SqlValue
  send(value: SqlValue, context: TextContext): Uint8Array
  /** The order of the type's default operator class; undefined where there is none, as for json. */
  readonly compare: ((a: SqlValue, b: SqlValue) => number) | undefined
  readonly domain?: Domain
  /** citext: equal are texts whose small letters are. */
  readonly isCaseless?: true
  /** Of a composite type. */
  readonly columns?: readonly RecordColumn[]
}

export interface Domain {
  /** What it is based on, directly. */
  readonly of: SqlType
  readonly isNotNull: boolean
  /** Throws {@link SqlError} 23502 or 23514 for a value that the domain does not have. */
  check(value: SqlValue, session: TextContext): void
}

/** What text forms depend on. */
export interface TextContext {
  /** Computes functions that depend on their arguments alone, if there is one. */
  readonly calculator?: Calculator | undefined
  readonly types: Types
  /** A run-time setting, such as `TimeZone`; undefined stands for its default. */
  setting(name: string): string | undefined
  /** Microseconds since 2000-01-01 at the beginning of the transaction, for `now`, `today` and the like. */
  now(): bigint
  /** The schemas where names are looked for; all of them when absent. */
  readonly searchPath?: readonly string[]
  /** Resolves the name of a relation, for `regclass`; throws {@link SqlError} 42P01. */
  relation?(name: string): number
  relationName?(oid: number): string | undefined
  /** The columns of the table whose rows a type is named after; undefined if there is none. */
  rowType?(names: readonly string[]): readonly RecordColumn[] | undefined
  /** Whether what is compiled is checked only: constants are not computed. */
  readonly isDiscarded?: boolean
  /** Whether the database has an extension; without it, it has none. */
  hasExtension?(name: string): boolean
}

/** The types of one database: those that PostgreSQL has, and those that were created. */
export interface Types {
  /** Throws if there is no such type. */
  typeOf(oid: number): TypeDefinition
  find(oid: number): TypeDefinition | undefined
  /** By the name in pg_type (`int4`, `_int4`); created ones as a transaction sees them. */
  named(name: string): TypeDefinition | undefined
  /** Every type, built in or created. */
  all(): Iterable<TypeDefinition>
  add(type: TypeDefinition): void
  remove(oid: number): void
}
