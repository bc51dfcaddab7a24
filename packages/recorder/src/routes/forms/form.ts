import type { Json } from '@chaosproxy/history'
import type { FormSpec, ValueSource, ValueSpec } from '../table/route-table.ts'

/**
 * A form of composing a value from parts, in both directions: reads values from requests and responses (`join`), and
 * writes them into requests (`split`). The members of a value in a table determine its form.
 */
export interface ValueForm<Spec extends FormSpec> {
  /** The exact set of members of a value of this form. */
  readonly members: readonly (keyof Spec & string)[]
  /** An example for error messages. */
  readonly example: string
  readonly schema: (of: { readonly place: object; readonly value: object }) => {
    readonly [member in keyof Spec]: object | true
  }
  /** @throws UserError (input) */
  readonly parse: (members: { readonly [member: string]: unknown }, inner: InnerParser) => Spec
  readonly parts: (spec: Spec) => readonly ValueSpec[]
  /** Whether the composed value is a text even if none of its parts is a text. */
  readonly isText?: true
  /** Compiles a function that composes the value from its parts; undefined if that is impossible. */
  readonly join: (spec: Spec) => (parts: readonly Json[]) => Json | undefined
  /** The parts of a value, in the order of `parts`, or the reason why it cannot have this form. */
  readonly split: (spec: Spec, value: Json) => readonly Json[] | { readonly why: string }
}

interface InnerParser {
  /** The beginning of every error message. */
  readonly where: string
  value(given: unknown, where: string): ValueSpec
  place(given: unknown, where: string): ValueSource
}

/** A form of any kind. Only the form's own file knows its members. */
export type AnyForm = ValueForm<FormSpec>

/** The cast is safe: a form only receives values that its own parser returned. */
export const defineForm = <Spec extends FormSpec>(form: ValueForm<Spec>): AnyForm => form as unknown as AnyForm
