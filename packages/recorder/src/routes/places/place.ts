import type { Json } from '@chaosproxy/history'
import type { Fields } from '@chaosproxy/wire/http'

/** The reason why a value cannot be put into a request; undefined if it was put there. */
export type Trouble = string | undefined

/** The parts of a request or response from which places read values. A response has no path and no query. */
export interface ReadParts {
  readonly headers: Fields | undefined
  /** The text of the path that matches `{NAME}`. */
  segment(name: string): string | undefined
  readonly query: URLSearchParams
  /** The whole body as text, as JSON and as a form. */
  readonly text: Json | undefined
  readonly json: Json | undefined
  readonly form: URLSearchParams
}

/** The parts of a request into which places write values. A part that has a value refuses a different value. */
export interface WrittenParts {
  segment(name: string, text: string): Trouble
  parameter(name: string, text: string): Trouble
  header(name: string, text: string): Trouble
  cookie(name: string, text: string): Trouble
  formField(name: string, text: string): Trouble
  /** @param members the path to the value; empty for the whole body */
  json(members: readonly string[], value: Json): Trouble
  body(text: string): Trouble
}

/** A place in a message, for reading values, and for writing them to requests. */
interface AnyPlace {
  /** The name of the place up to the first dot: `query` in `query.page`. */
  readonly kind: string
  /** A regular expression, as text, for the name that follows the kind; empty if no name follows. */
  readonly name: string
  /** Examples for error messages. */
  readonly examples: readonly string[]
  /** Whether the place exists in responses. */
  readonly inAnswers: boolean
  /**
   * How much of the body the place needs: `none` of it, the length of the longest `text`, or the `whole` body for
   * parsing.
   */
  readonly body: 'none' | 'text' | 'whole'
  /**
   * Whether the place can identify the client. `recorded`: only by a text that the service issues, which a made request
   * cannot contain. `made`: by any text.
   */
  readonly namesClient: 'never' | 'recorded' | 'made'
  /** Compiles a function that reads the place; the function returns undefined if the place is empty. */
  readonly read: (name: string) => (message: ReadParts) => Json | undefined
}

/** A place that holds a text, and cannot distinguish the number 5 from the text "5". */
interface TextPlace extends AnyPlace {
  readonly holds: 'text'
  readonly write: (request: WrittenParts, name: string, text: string) => Trouble
}

interface JsonPlace extends AnyPlace {
  readonly holds: 'json'
  readonly write: (request: WrittenParts, name: string, value: Json) => Trouble
}

export type Place = TextPlace | JsonPlace

/** The name of a parameter or a cookie. */
export const SIMPLE_NAME = '\\.[^\\s.]+'

/**
 * Returns the only value of a parameter. Refuses a parameter with several different values, because services differ in
 * which of the values they use.
 */
export function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}
