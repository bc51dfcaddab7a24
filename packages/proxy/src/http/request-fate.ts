import type { HttpFault } from '@chaosproxy/faults'
import { carryOut } from '../link/rule.ts'
import type { HttpRule } from './http-rule.ts'
import type { Trickle } from './pause.ts'
import { type Edit, editRequest, type Message } from './reply.ts'
import { type Chances, type Draft, type RequestHarm, requestHarms } from './request-harms.ts'
import type { HttpTurn } from './turn.ts'

/** What happens to a request. Its `HttpTurn` says whether the proxy responds in place of the server. */
export interface RequestPlan {
  readonly delay: { readonly durationMs: number; readonly rule: HttpRule } | undefined
  /**
   * How many additional times the request is sent. The faults in `copying` cause these copies, and need the whole
   * request.
   */
  readonly copies: number
  readonly copying: readonly HttpRule[]
  readonly trickle: Trickle | undefined
  readonly isNothing: boolean
  /** Whether an edit changes the header field Expect. If so, the proxy itself sends the 100 response. */
  readonly changesExpectation: boolean
  /** Whether an edit may make the server do something other than what the client requested. */
  readonly changesContent: boolean
  edit(message: Message): Message
}

export function planRequest(rules: readonly HttpRule[], turn: HttpTurn, chances: Chances): RequestPlan {
  const draft: Draft = { turn, delay: undefined, copies: 0, copying: [], trickle: undefined, edits: [] }
  carryOut(rules, (rule) => harmOf(rule.fault)(draft, rule.fault, rule, chances), turn.name)
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

/** Whether an edit changes the body or a conditional header field, such as If-Match. */
const changesContent = ({ body, headers }: Draft['edits'][number]): boolean =>
  body !== undefined || namesField(headers, /^if-/i)

const namesField = (headers: Edit['headers'], name: RegExp): boolean =>
  Object.keys(headers ?? {}).some((field) => name.test(field))

function harmOf({ kind }: HttpFault): RequestHarm<HttpFault['kind']> {
  const harm = requestHarms[kind]
  if (harm === undefined) throw new Error(`${kind} does not act on requests`)
  // Each function in `requestHarms` accepts faults of the kind that is its key. The compiler cannot infer this.
  return harm as RequestHarm<HttpFault['kind']>
}
