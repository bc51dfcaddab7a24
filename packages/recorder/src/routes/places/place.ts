import type { Json } from '@chaosproxy/history'
import type { Fields } from '@chaosproxy/wire/http'

/** The parts of a request or response. A `Place` reads its value from one of them. */
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
  /**
   * The source of a regular expression for the rest of a place's full name after `kind`, such as `.page` in
   * `query.page`. Empty if the full name has no such rest.
   */
  readonly name: string
  readonly examples: readonly string[]
  /** Whether this kind of place exists in responses too. For example, a query exists only in requests. */
  readonly inAnswers: boolean
  /** Whether the place holds JSON or only text. Text cannot distinguish the number 5 from the text "5". */
  readonly holds: 'text' | 'json'
  /** Matches the texts that the place can hold in a request; by default any text. */
  readonly fitting?: RegExp
  /**
   * For a place that is part of another place in a request, such as a member of a header: returns the other place, and
   * the text to put there. Absent for other places.
   */
  readonly carriedAs?: (name: string, text: string) => readonly [place: string, text: string]
  /** How much of the body the place needs: nothing, a text of limited length, or the `whole` for parsing. */
  readonly body: 'none' | 'text' | 'whole'
  /**
   * Whether this place in a request can identify the client. `recorded` means only in recorded requests: chaos cannot
   * make up the text in the place, because only the service issues it, as with a session cookie.
   */
  readonly namesClient: 'never' | 'recorded' | 'made'
  /** Compiles a function that reads the place. */
  readonly read: (name: string) => (message: ReadParts) => Json | undefined
}

/** The name of a parameter or a cookie. */
export const SIMPLE_NAME = '\\.[^\\s.]+'

/**
 * Returns the value of a parameter. Undefined if the parameter occurs with different values, because services differ in
 * which of them they use.
 */
export function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name)
  return others.every((other) => other === first) ? first : undefined
}
