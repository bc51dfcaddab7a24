import type { Json } from '@chaosproxy/history'
import type { Fields } from '@chaosproxy/wire/http'

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

/** A place in a message, for reading values and writing them to requests. */
export interface Place {
  /** The name up to the first dot: `query` in `query.page`. */
  readonly kind: string
  /** The source of a regular expression that matches the name after its kind; empty if the name is only the kind. */
  readonly name: string
  readonly examples: readonly string[]
  /** Whether the place exists in responses. */
  readonly inAnswers: boolean
  /** Whether the place holds JSON or only text. Text cannot distinguish the number 5 from the text "5". */
  readonly holds: 'text' | 'json'
  /** Matches the texts that the place can hold in a request; by default any text. */
  readonly fitting?: RegExp
  /**
   * Returns the place of a request that carries this place, and the text there. Absent if requests have this place
   * itself.
   */
  readonly carriedAs?: (name: string, text: string) => readonly [place: string, text: string]
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

/** The name of a parameter or a cookie. */
export const SIMPLE_NAME = '\\.[^\\s.]+'

/** Returns the value of a parameter, unless it has different values: services differ in which they use. */
export function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}
