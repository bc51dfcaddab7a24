import type { NodeId } from '@chaosproxy/faults'
import { isObject, type Json } from '@chaosproxy/history'

/** The key of the global listener that `@chaosproxy/assertions` calls. */
export const LISTENER: symbol = Symbol.for('chaosproxy.assertions')

/** An assertion that failed in a run. */
export interface Breach {
  readonly name: string
  readonly node: NodeId
  readonly what: string
}

/** Returns an assertion's name in reports: `sometimes "a show sells out"`. */
export const assertionName = (kind: string, name: string): string => `${kind} ${JSON.stringify(name)}`

const LONGEST_DETAILS = 300

export class Assertions {
  broken: Breach | undefined
  readonly #met = new Set<string>()
  readonly #expected: Set<string>

  /** `expected` are the assertions that at least one run should reach. */
  constructor(expected: Iterable<string>) {
    this.#expected = new Set(expected)
  }

  /** Handles an assertion's report. `place` is called only for a failure. */
  hear(node: NodeId, place: () => string | undefined, [kind, holds, name, details]: readonly unknown[]): void {
    const full = assertionName(String(kind), String(name))
    if (kind === 'sometimes' || kind === 'reachable') {
      this.#expected.add(full)
      if (holds === true) this.#met.add(full)
      return
    }
    if (holds === true || this.broken !== undefined) return
    const at = place()
    const what = kind === 'unreachable' ? 'it was reached' : whyFalse(holds)
    this.broken = { name: full, node, what: `${what}${at === undefined ? '' : ` at ${at}`}${detailsText(details)}` }
  }

  met(): readonly string[] {
    return [...this.#met]
  }

  unmet(): readonly string[] {
    return [...this.#expected].filter((name) => !this.#met.has(name)).map((name) => `${name} was not met`)
  }
}

/** Only `false` is a finding about the program. Any other condition is a mistake in the assertion. */
function whyFalse(condition: unknown): string {
  if (condition === false) return 'it is false'
  return isObject(condition) && typeof condition['then'] === 'function'
    ? 'its condition is a promise, so await it'
    : `its condition is neither true nor false, but of type ${typeof condition}`
}

function detailsText(details: unknown): string {
  if (details === undefined) return ''
  let text: string | undefined
  try {
    text = JSON.stringify(details as Json)
  } catch {
    text = undefined
  }
  const printed = text ?? String(details)
  return `, with ${printed.length > LONGEST_DETAILS ? `${printed.slice(0, LONGEST_DETAILS)}…` : printed}`
}
