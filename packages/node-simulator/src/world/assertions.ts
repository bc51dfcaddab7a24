import type { NodeId } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'

/** The global where `@chaosproxy/assertions` looks for a listener. */
export const LISTENER: symbol = Symbol.for('chaosproxy.assertions')

/** An assertion that a run failed. */
export interface Breach {
  readonly name: string
  readonly node: NodeId
  readonly what: string
}

/** The name of a `sometimes` or `reachable` in reports: `sometimes "a show sells out"`. */
export const assertionName = (kind: string, name: string): string => `${kind} ${JSON.stringify(name)}`

const LONGEST_DETAILS = 300

/** The assertions of a run's programs. */
export class Assertions {
  /** The first that failed. */
  broken: Breach | undefined
  readonly #met = new Set<string>()
  readonly #expected: Set<string>

  /** `expected` are the names of those that some run should reach, as found in the program's text. */
  constructor(expected: Iterable<string>) {
    this.#expected = new Set(expected)
  }

  /** `place` is called only for one that fails. */
  hear(node: NodeId, place: () => string | undefined, [kind, holds, name, details]: readonly unknown[]): void {
    const full = assertionName(String(kind), String(name))
    if (kind === 'sometimes' || kind === 'reachable') {
      this.#expected.add(full)
      if (holds === true) this.#met.add(full)
      return
    }
    if (holds === true || this.broken !== undefined) return
    const at = place()
    const what = kind === 'unreachable' ? 'it was reached' : 'it is false'
    this.broken = { name: full, node, what: `${what}${at === undefined ? '' : ` at ${at}`}${detailsText(details)}` }
  }

  /** Those that this run has reached. */
  met(): readonly string[] {
    return [...this.#met]
  }

  /** Those that this run has not reached. */
  unmet(): readonly string[] {
    return [...this.#expected].filter((name) => !this.#met.has(name)).map((name) => `${name} was not met`)
  }
}

function detailsText(details: unknown): string {
  if (details === undefined) return ''
  let text: string | undefined
  try {
    text = JSON.stringify(details as Json)
  } catch {
    text = undefined
  }
  const shown = text ?? String(details)
  return `, with ${shown.length > LONGEST_DETAILS ? `${shown.slice(0, LONGEST_DETAILS)}…` : shown}`
}
