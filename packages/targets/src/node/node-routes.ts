import type { Input, Json } from '@chaosproxy/history'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { RequestedOperations } from '@chaosproxy/runner'
import type { Body } from '../clients/json-body.ts'

// How a node's HTTP interface expresses operations. Clients (`http-client.ts`), nodes (`http-api.ts`) and the proxy
// (`nodeRoutes`) share these routes.

/** An operation on a register at `/kv/KEY`. `POST /do` takes any operation as it is. */
export interface RegisterRoute {
  readonly f: string
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly suffix: string
  /**
   * The members of the body that contain the operation's value. If there are several, each contains one element of a
   * list.
   */
  readonly members: readonly string[]
  readonly needs?: string
}

export const registerRoutes: readonly RegisterRoute[] = [
  { f: 'read', method: 'GET', suffix: '', members: [] },
  { f: 'write', method: 'PUT', suffix: '', members: ['value'], needs: 'the value to write: {"value":7}' },
  {
    ...{ f: 'cas', method: 'POST', suffix: '/cas', members: ['old', 'new'] },
    needs: 'the value expected and the one to write: {"old":7,"new":8}',
  },
]

/** Returns the request for an operation. `registers`: the nodes replicate registers. */
export function exchangeFor(
  input: Input,
  registers: boolean,
): { readonly line: string; readonly content: object | undefined } {
  const { f, key, value } = input
  const route = registers && key !== undefined ? registerRoutes.find((each) => each.f === f) : undefined
  if (route === undefined || key === undefined) return { line: 'POST /do', content: input }
  const { method, suffix, members } = route
  const [first, second] = members
  if (second !== undefined && !Array.isArray(value)) return { line: 'POST /do', content: input }
  const line = `${method} /kv/${encodeURIComponent(key)}${suffix}`
  if (first === undefined) return { line, content: undefined }
  return {
    line,
    content:
      Array.isArray(value) && second !== undefined ? { [first]: value[0], [second]: value[1] } : { [first]: value },
  }
}

/** Returns the operation of a request, if its body has the members that the route needs. */
export function inputOf({ f, members }: RegisterRoute, key: string, body: Body | undefined): Input | undefined {
  const values: Json[] = []
  for (const member of members) {
    const value = body?.[member]
    if (value === undefined) return undefined
    values.push(value)
  }
  return { f, key, value: values.length > 1 ? values : (values[0] ?? null) }
}

/** A node sends these statuses only if the operation had no effect: see `http-api.ts`. */
const REFUSALS = { '501': 'fail', '503': 'fail' } as const

export const NODE_CLIENTS = 'header.Chaos-Session'

/** Returns the operations of nodes as a route table for the proxy. */
export const nodeRoutes = ({ functions, reads, initial }: RequestedOperations): RouteTable => ({
  client: NODE_CLIENTS,
  final: 'Chaos-Final',
  initial: { value: initial },
  routes: [
    ...registerRoutes.map(({ f, method, suffix, members }) => ({
      request: `${method} /kv/{key}${suffix}`,
      f,
      ...(members.length === 0
        ? { result: 'json.value' }
        : { value: members.length === 1 ? `json.${members[0]}` : members.map((member) => `json.${member}`) }),
      outcomes: REFUSALS,
    })),
    ...functions.flatMap((f) => {
      const shared = { f, value: 'json.value', result: 'json.value', harmless: reads.includes(f), outcomes: REFUSALS }
      const request = 'POST /do'
      return [
        { request, when: { 'json.f': f, 'json.key': { there: true } }, key: 'json.key', ...shared },
        { request, when: { 'json.f': f }, ...shared },
      ]
    }),
    { request: 'GET /status', ignore: true },
  ],
})
