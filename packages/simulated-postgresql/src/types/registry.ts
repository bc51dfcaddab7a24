import type { Calculator } from './calculator.ts'
import type { RecordColumn, SqlType, SqlValue } from './value.ts'

/** The definition of a type: the columns of `pg_type`, and the parsing, formatting and comparison of values. */
export interface TypeDefinition {
  readonly oid: number
  readonly name: string
  /** The schema of a user-defined type; other types are in `pg_catalog`. */
  readonly schema?: string
  /** The oid of the type's array type; 0 if there is none. */
  readonly arrayOid: number
  /** The oid of the element type of an array type; 0 for other types. */
  readonly elementOid: number
  /** Bytes of a value (`pg_type.typlen`); -1 if values vary in length. */
  readonly length: number
  /** `pg_type.typtype`: base, composite, domain, enum, pseudo, range, multirange. */
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm'
  /** `pg_type.typcategory`, the category within which implicit conversions are preferred. */
  readonly category: string
  readonly preferred: boolean
  /** The delimiter of elements in the text form of an array. */
  readonly delimiter: string
  /** Parses the text form; throws {@link SqlError} such as 22P02. `typmod` is -1 without a modifier. */
  input(text: string, context: TextContext, typmod: number): SqlValue
  output(value: SqlValue, context: TextContext): string
  receive(bytes: Uint8Array, context: TextContext, typmod: number): SqlValue
  send(value: SqlValue, context: TextContext): Uint8Array
  /**
   * Compares values in the order of the type's default operator class. Undefined for a type without an order, such as
   * json.
   */
  readonly compare: ((a: SqlValue, b: SqlValue) => number) | undefined
  readonly domain?: Domain
  /** Whether the type is citext: texts are equal if their lower-case forms are equal. */
  readonly isCaseless?: true
  /** The columns of a composite type. */
  readonly columns?: readonly RecordColumn[]
}

export interface Domain {
  readonly of: SqlType
  readonly isNotNull: boolean
  /** Throws {@link SqlError} 23502 or 23514 for a value that violates the domain. */
  check(value: SqlValue, session: TextContext): void
}

/** The settings and names that the conversion of values from and to text uses. */
export interface TextContext {
  /** Computes functions that depend only on their arguments; absent if there is no calculator. */
  readonly calculator?: Calculator | undefined
  readonly types: Types
  /** Returns a run-time setting, such as `TimeZone`; undefined means its default. */
  setting(name: string): string | undefined
  /**
   * Returns the start of the transaction in microseconds since 2000-01-01. Words such as `now` and `today` refer to
   * this time.
   */
  now(): bigint
  /** The schemas to search for names; absent for all schemas. */
  readonly searchPath?: readonly string[]
  /** Resolves a relation name for `regclass`; throws {@link SqlError} 42P01. */
  relation?(name: string): number
  relationName?(oid: number): string | undefined
  /** Returns the columns of the table whose row type has this name; undefined if there is none. */
  rowType?(names: readonly string[]): readonly RecordColumn[] | undefined
  /** Whether the compiled expression is only checked and then discarded. Its constants are not computed. */
  readonly isDiscarded?: boolean
  /** Whether the database has an extension; if absent, the database has none. */
  hasExtension?(name: string): boolean
}

/** The types of one database: built-in and user-defined ones. */
export interface Types {
  /** Returns a type by its oid; throws if there is none. */
  typeOf(oid: number): TypeDefinition
  find(oid: number): TypeDefinition | undefined
  /**
   * Returns a type by its name in pg_type (`int4`, `_int4`). A user-defined type is found only if the transaction sees
   * it.
   */
  named(name: string): TypeDefinition | undefined
  all(): Iterable<TypeDefinition>
  add(type: TypeDefinition): void
  remove(oid: number): void
}
