/** A member of the file's lines, with its role. */
export interface Taken {
  readonly member: string
  readonly as: string
  /** The number of lines in which the member has this role. `of`: the number of all lines. */
  readonly count: number
  readonly of: number
  /** The different words, each with its count; empty if there are many. */
  readonly words: readonly (readonly [word: string, count: number])[]
  /**
   * The roles that this member may have. Present only if the member is not used (`as` is `nothing`). No other member
   * was used in these roles.
   */
  readonly mayBe?: readonly ('process' | 'key')[]
}

/** Returns the name of the first unused member that may have `role`; undefined if there is none. */
export const mayBe = (role: 'process' | 'key', taken: readonly Taken[] = []): string | undefined =>
  taken.find((each) => each.mayBe?.includes(role))?.member

/** Returns the warning that an unused member may be the key. The warning says how to settle this with `--map`. */
export function keyWarning(taken: readonly Taken[]): string | undefined {
  const key = mayBe('key', taken)
  return key === undefined
    ? undefined
    : `no member names the key, and ${JSON.stringify(key)} is not used. If it is the key: --map key=${key}. If all operations are on one object: --map key=none`
}

/**
 * Describes the role of a member. If the member has few different words, gives the number of lines with each word:
 * `"result" is the outcome: ok in 811, timeout in 1 of 812`.
 */
export function takenText({ member, as, count, of, words }: Taken): string {
  const name = JSON.stringify(member)
  if (as === 'nothing') return `${name} is not used (${count} of ${of})`
  if (words.length === 0) return `${name} is ${as} in ${count} of ${of}`
  return `${name} is ${as}: ${words.map(([word, times]) => `${word} in ${times}`).join(', ')} of ${of}`
}

/** Names of clients. */
export const CLIENT_NAME: RegExp =
  /who|user|tenant|account|caller|owner|customer|actor|agent|login|peer|remote|addr|^ip$/i
/** Names that mean a client and never a key. */
const ONLY_CLIENT = /who|username|caller|actor|agent|login|peer|remote|addr|^ip$|client|session|worker|thread|pid$/i
/** Names that mean neither a client nor a key. */
const NEITHER =
  /val|time|stamp|duration|latency|(?:^|_)(?:at|ts|ms|us|ns|seq|index|line|try|run)(?:_|$)|level|severity|msg|message|logger|version|host|node|server|attempt|retr|bytes|size|length|seed|comment|note|status|^code$|error|protocol|^(?:op|f|func|function|method|verb|action|command|cmd|opname|kind|type|final)$/i

const MOST_LINES = 1000

/** Collects values of members without a role, to find out which of them may name clients or keys. */
export class UnusedMembers {
  readonly #values: Map<string, { lines: number; readonly different: Set<string | number> }> = new Map()

  add(member: string, value: unknown): void {
    if (typeof value !== 'string' && !Number.isInteger(value)) return
    const known = this.#values.get(member) ?? { lines: 0, different: new Set() }
    if (known.lines === 0) this.#values.set(member, known)
    if (known.lines === MOST_LINES) return
    known.lines += 1
    known.different.add(value as string | number)
  }

  /**
   * Returns the roles that a member may have. A member whose values are all different has none, because a history
   * contains the name of a client or of a key more than once. A key must also have at least two different values.
   */
  rolesOf(member: string): NonNullable<Taken['mayBe']> {
    const { lines, different } = this.#values.get(member) ?? { lines: 0, different: new Set() }
    if (different.size === lines || NEITHER.test(member)) return []
    const isKey = different.size > 1 && !ONLY_CLIENT.test(member)
    return [...(CLIENT_NAME.test(member) ? (['process'] as const) : []), ...(isKey ? (['key'] as const) : [])]
  }
}
