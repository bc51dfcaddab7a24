import type { Json } from '@chaosproxy/history'
import type { FormSpec, ValueSource, ValueSpec } from '../table/route-table.ts'

/**
 * A way to compose a value from parts. `join` reads values from requests and responses, `split` writes them into
 * requests. A route table selects the form of a value by the names of the members that describe the value.
 */
export interface ValueForm<Spec extends FormSpec> {
  /** A value has this form if it has exactly these members. */
  readonly members: readonly (keyof Spec & string)[]
  readonly example: string
  readonly schema: (of: { readonly place: object; readonly value: object }) => {
    readonly [member in keyof Spec]: object | true
  }
  /** @throws UserError (input) */
  readonly parse: (members: { readonly [member: string]: unknown }, inner: InnerParser) => Spec
  readonly parts: (spec: Spec) => readonly ValueSpec[]
  /** Whether the composed value is always a text. */
  readonly isText?: true
  readonly join: (spec: Spec) => (parts: readonly Json[]) => Json | undefined
  /** Returns the parts that `join` composes into this value, or why none exist. */
  readonly split: (spec: Spec, value: Json) => readonly Json[] | { readonly why: string }
}

interface InnerParser {
  readonly where: string
  value(given: unknown, where: string): ValueSpec
  place(given: unknown, where: string): ValueSource
}

/** A form of any kind. The type of a form's own members is known only in the file that defines the form. */
export type AnyForm = ValueForm<FormSpec>

/** A form receives only values that its own parser returned. */
export const defineForm = <Spec extends FormSpec>(form: ValueForm<Spec>): AnyForm => form as unknown as AnyForm
