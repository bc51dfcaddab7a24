import type { HttpFault } from '@chaosproxy/faults'
import type { HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { type Edit, editRequest, type Message } from './reply.ts'
import { type Chances, type Draft, type RequestHarm, requestHarms } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What becomes of a request. If it is answered here, or never answered, its turn says so. */
export interface RequestPlan {
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /** How many more times it is sent, by which rules. They need the whole request. */
  readonly copies: number
  readonly copying: readonly HttpRule[]
  readonly trickle: Trickle | undefined
  /** Whether nothing of it changes on its way. */
  readonly isNothing: boolean
  /** Whether the server may not be asked any more for the 100 that the client waits for. */
  readonly changesExpectation: boolean
  /** Whether it is edited so that the server may do something else than what was asked. */
  readonly changesContent: boolean
  edit(message: Message): Message
}

/** Applies each rule to a request in turn. No further rule sees one that is answered here, or lost. */
export function planRequest(rules: readonly HttpRule[], turn: HttpTurn, chances: Chances): RequestPlan {
  const draft: Draft = { turn, delay: undefined, copies: 0, copying: [], trickle: undefined, edits: [] }
  for (const rule of rules) {
    if (!rule.strikes(chances.nowMs(), () => chances.randomFor(rule))) continue
    rule.hit(turn)
    harmOf(rule.fault)(draft, rule.fault, rule, chances)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) break
  }
  const { delay, copies, copying, trickle, edits } = draft
  const coding = turn.head?.headers.get('content-encoding')
  return {
    delay,
    copies,
    copying,
    trickle,
    isNothing: delay === undefined && trickle === undefined && copies === 0 && edits.length === 0,
    changesExpectation: edits.some(({ headers }) => namesField(headers, /^expect$/i)),
    changesContent: edits.some(changesContent),
    edit: (original) => edits.reduce((message, edit) => editRequest(message, edit, coding), original),
  }
}

/** Edits of the body, and of conditions such as If-Match. */
const changesContent = ({ body, headers }: Draft['edits'][number]): boolean =>
  body !== undefined || namesField(headers, /^if-/i)

const namesField = (headers: Edit['headers'], name: RegExp): boolean =>
  Object.keys(headers ?? {}).some((field) => name.test(field))

function harmOf({ kind }: HttpFault): RequestHarm<HttpFault['kind']> {
  const harm = requestHarms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on requests`)
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  return harm as RequestHarm<HttpFault['kind']>
}
