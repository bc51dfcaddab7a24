import type { RouteTable } from '@chaosproxy/recorder/routes'
import type { AskedOperations } from '@chaosproxy/runner'

/** A node sends these only if nothing was done: see `node/http-api.ts`. */
const REFUSALS = { '501': 'fail', '503': 'fail' } as const

/** The field that identifies a request's client. */
export const NODE_CLIENTS = 'header.Chaos-Session'

/**
 * The routes of a node's HTTP interface: `GET` and `PUT /kv/KEY`, `POST /kv/KEY/cas`, and `POST /do` for any operation.
 */
export const nodeRoutes = ({ functions, reads, initial }: AskedOperations): RouteTable => ({
  client: NODE_CLIENTS,
  final: 'Chaos-Final',
  initial: { value: initial },
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value', outcomes: REFUSALS },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value', outcomes: REFUSALS },
    { request: 'POST /kv/{key}/cas', f: 'cas', value: ['json.old', 'json.new'], outcomes: REFUSALS },
    ...functions.flatMap((f) => {
      const asked = { f, value: 'json.value', result: 'json.value', harmless: reads.includes(f), outcomes: REFUSALS }
      const request = 'POST /do'
      return [
        { request, when: { 'json.f': f, 'json.key': { there: true } }, key: 'json.key', ...asked },
        { request, when: { 'json.f': f }, ...asked },
      ]
    }),
    { request: 'GET /status', ignore: true },
  ],
})
