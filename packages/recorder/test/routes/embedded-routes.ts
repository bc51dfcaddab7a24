import type { RecordedRoute, RouteTable } from '../../src/routes/table/route-table.ts'

/** An embedded node sends these statuses only if it did nothing. */
const refusals: RecordedRoute['outcomes'] = { '501': 'fail', '503': 'fail' }

/** The HTTP interface of the embedded systems: `GET` and `PUT /kv/KEY`, `POST /kv/KEY/cas`. */
export const embeddedRoutes: RouteTable = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value', outcomes: refusals },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value', outcomes: refusals },
    { request: 'POST /kv/{key}/cas', f: 'cas', value: ['json.old', 'json.new'], outcomes: refusals },
  ],
}
