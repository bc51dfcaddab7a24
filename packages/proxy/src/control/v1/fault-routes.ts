import { quote } from '@chaosproxy/faults'
import type { ControlPlane } from '../plane/plane.ts'
import type { ApiReply, ApiRequest } from '../server/api.ts'
import { ControlError } from '../state/errors.ts'
import type { NamedFault } from '../state/fault-board.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { ownFault } from './own-fault.ts'
import { json, noContent } from './replies.ts'
import { readFault, readJsonBody } from './requests.ts'
import type { Views } from './views.ts'

/** Single faults. */
export function faultRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  const freeName = createNames(plane)
  const findOwn = (request: ApiRequest): NamedFault => ownFault(plane, request.param('fault'), 'api')

  return [
    {
      method: 'GET',
      path: '/v1/faults',
      operation: 'listFaults',
      summary: 'Every fault in force, toxics and partitions and those of the rule set among them',
      success: { status: 200, description: 'The faults.', schema: listOf(reference('Fault')) },
      handle: () => json(200, plane.faults.list().map(views.fault)),
    },
    {
      method: 'POST',
      path: '/v1/faults',
      operation: 'addFault',
      summary: 'Puts a fault in force, on live connections too',
      body: reference('FaultRequest'),
      success: { status: 201, description: 'It is in force.', schema: reference('Fault') },
      errors: [404, 409],
      handle({ body }) {
        const { name, fault, lease } = readFault(readJsonBody(body), plane, 'fault')
        const added = plane.addFault({ name: name ?? freeName(fault.kind), fault, lease, origin: 'api' })
        return json(201, views.fault(added), { Location: `/v1/faults/${encodeURIComponent(added.name)}` })
      },
    },
    {
      method: 'GET',
      path: '/v1/faults/{fault}',
      operation: 'getFault',
      summary: 'One fault, with how often it bit',
      success: { status: 200, description: 'The fault.', schema: reference('Fault') },
      errors: [404],
      handle: (request) => json(200, views.fault(plane.faults.get(request.param('fault')))),
    },
    {
      method: 'PUT',
      path: '/v1/faults/{fault}',
      operation: 'putFault',
      summary:
        'Puts a fault in force under this name, or changes the one that has it (status 200, or 201 for a new one)',
      body: reference('FaultRequest'),
      success: { status: 200, description: 'It is in force.', schema: reference('Fault') },
      errors: [404, 409],
      handle: (request) => putFault(plane, views, request),
    },
    {
      method: 'DELETE',
      path: '/v1/faults/{fault}',
      operation: 'removeFault',
      summary: 'Heals it, at once and on live connections',
      success: { status: 204, description: 'It is healed.' },
      errors: [404, 409],
      handle(request) {
        plane.removeFault(findOwn(request).name)
        return noContent
      },
    },
  ]
}

/** Names faults given without a name: the next free `latency-1` of its kind. */
function createNames(plane: ControlPlane): (kind: string) => string {
  let numbered = 0
  return (kind) => {
    const taken = new Set(plane.faults.list().map(({ name }) => name))
    do numbered++
    while (taken.has(`${kind}-${numbered}`))
    return `${kind}-${numbered}`
  }
}

function putFault(plane: ControlPlane, views: Views, request: ApiRequest): ApiReply {
  const name = request.param('fault')
  const wanted = readFault(readJsonBody(request.body), plane, 'fault')
  if (wanted.name !== undefined && wanted.name !== name)
    throw new ControlError(400, `the path names the fault ${quote(name)}, and its body ${quote(wanted.name)}`)
  if (!plane.faults.list().some((fault) => fault.name === name))
    return json(201, views.fault(plane.addFault({ ...wanted, name, origin: 'api' })))
  const existing = ownFault(plane, name, 'api')
  if (wanted.lease !== undefined && wanted.lease !== existing.lease)
    throw new ControlError(409, `the fault ${quote(name)} lives by another lease; remove it, and add it anew`)
  return json(200, views.fault(plane.updateFault(name, wanted.fault)))
}
