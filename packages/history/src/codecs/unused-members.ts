import type { Json } from '../event/event.ts'
import type { Taken } from '../event/taken.ts'

/** Names of clients. */
export const CLIENT_NAME: RegExp =
  /who|user|tenant|account|caller|owner|customer|actor|agent|login|peer|remote|addr|^ip$/i
/** Names that mean a client and never a key. */
const ONLY_CLIENT = /who|username|caller|actor|agent|login|peer|remote|addr|^ip$|client|session|worker|thread|pid$/i
/** Names that mean neither a client nor a key. */
const NEITHER =
  /val|time|stamp|duration|latency|(?:^|_)(?:at|ts|ms|us|ns|seq|index|line|try|run)(?:_|$)|level|severity|msg|message|logger|^env|region|zone|version|service|^app$|host|node|server|attempt|retr|bytes|size|length|seed|comment|note|status|code|error|protocol|^(?:op|f|func|function|method|verb|action|command|cmd|opname|kind|type|final)$/i

const MOST_LINES = 1000

/** Collects values of members without a role, to find out which of them may name clients or keys. */
export class UnusedMembers {
  readonly #values: Map<string, { lines: number; readonly different: Set<string | number> }> = new Map()

  add(member: string, value: Json): void {
    if (typeof value !== 'string' && !Number.isInteger(value)) return
    const known = this.#values.get(member) ?? { lines: 0, different: new Set() }
    if (known.lines === 0) this.#values.set(member, known)
    if (known.lines === MOST_LINES) return
    known.lines += 1
    known.different.add(value as string | number)
  }

  /** The roles that a member may have: its values recur, as names do. A key also has several values. */
  rolesOf(member: string): NonNullable<Taken['mayBe']> {
    const { lines, different } = this.#values.get(member) ?? { lines: 0, different: new Set() }
    if (different.size === lines || NEITHER.test(member)) return []
    const isKey = different.size > 1 && !ONLY_CLIENT.test(member)
    return [...(CLIENT_NAME.test(member) ? (['process'] as const) : []), ...(isKey ? (['key'] as const) : [])]
  }
}
