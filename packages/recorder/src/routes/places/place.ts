import type { Json } from '@chaosproxy/history'
import type { Fields } from '@chaosproxy/wire/http'

export type Trouble = string | undefined

/** The parts of a request or response from which places read values. */
export interface ReadParts {
  readonly headers: Fields | undefined
  /** The text that matches `{NAME}` in the path. */
  segment(name: string): string | undefined
  readonly query: URLSearchParams
  /** The whole body as text. */
  readonly text: Json | undefined
  /** The whole body as JSON. */
  readonly json: Json | undefined
  /** The whole body as a form. */
  readonly form: URLSearchParams
}

/** The parts of a request into which places write values. Each takes only one value. */
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

/** A place in a message, for reading values and writing them to requests. */
interface AnyPlace {
  /** The name up to the first dot: `query` in `query.page`. */
  readonly kind: string
  /** A regular expression for the rest of the name; empty if there is none. */
  readonly name: string
  readonly examples: readonly string[]
  /** Whether the place exists in responses. */
  readonly inAnswers: boolean
  /** How much of the body the place needs: nothing, a text of limited length, or the `whole` for parsing. */
  readonly body: 'none' | 'text' | 'whole'
  /**
   * Whether the place can identify the client. `recorded`: only in recorded requests, because the service issues the
   * text.
   */
  readonly namesClient: 'never' | 'recorded' | 'made'
  /** Compiles a function that reads the place. */
  readonly read: (name: string) => (message: ReadParts) => Json | undefined
}

/** A place with text, which cannot distinguish the number 5 from the text "5". */
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

/** Returns the value of a parameter, unless it has different values: services differ in which they use. */
export function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}
