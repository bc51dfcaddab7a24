import type { Json } from '@chaosproxy/history'
import type { Fields } from '@chaosproxy/wire/http'

/** Why something cannot be put into a request; undefined if it was. */
export type Trouble = string | undefined

/** The parts of a request or response that places read. A response has no path and no query. */
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

/** The parts of a request that places write. Each refuses a second value that differs from the first. */
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
  /** Its name up to the first dot: `query` in `query.page`. */
  readonly kind: string
  /** The source of a regular expression for what follows the kind; empty if nothing may. */
  readonly name: string
  /** Examples for users, in error messages. */
  readonly examples: readonly string[]
  /** Whether responses have it. */
  readonly inAnswers: boolean
  /** How much of the body it needs: none, as much as texts may be long, or all of it, for parsing. */
  readonly body: 'none' | 'text' | 'whole'
  /**
   * Whether it can identify the client: never; only with something that the service issued, which a made request cannot
   * know; or with any text.
   */
  readonly namesClient: 'never' | 'recorded' | 'made'
  /** Compiles a function that reads it; undefined if the place is empty. */
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

/** The only value of a parameter. Refuses different ones, since services use the first, the last or both. */
export function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}
