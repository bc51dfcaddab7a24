import { quote } from '@chaos/faults'
import { ControlError } from '../errors.ts'
import type { FaultOrigin, NamedFault } from '../fault-board.ts'
import type { ControlPlane } from '../plane.ts'
import type { ApiReply, ApiRequest } from '../server/api.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { json, noContent } from './replies.ts'
import { readFault, readJsonBody, readPartition } from './requests.ts'
import type { Views } from './views.ts'

/** Single faults, and partitions, which are faults of whole groups. */
export function faultRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  let numbered = 0

  /** `latency-1`: the next one of its kind that is free. */
  function freeName(kind: string): string {
    const taken = new Set(plane.faults.list().map(({ name }) => name))
    do numbered++
    while (taken.has(`${kind}-${numbered}`))
    return `${kind}-${numbered}`
  }

  const findOwn = (request: ApiRequest): NamedFault => ownFault(plane, request.param('fault'), 'api')

  function putFault(request: ApiRequest): ApiReply {
    const name = request.param('fault')
    const wanted = readFault(readJsonBody(request.body), plane, 'fault')
    if (wanted.name !== undefined && wanted.name !== name)
      throw new ControlError(400, `the path names the fault ${quote(name)}, and its body ${quote(wanted.name)}`)
    if (!plane.faults.list().some((fault) => fault.name === name))
      return json(201, views.fault(plane.addFault({ ...wanted, name, origin: 'api' })))
    const existing = findOwn(request)
    if (wanted.lease !== undefined && wanted.lease !== existing.lease)
      throw new ControlError(409, `the fault ${quote(name)} lives by another lease; remove it, and add it anew`)
    return json(200, views.fault(plane.updateFault(name, wanted.fault)))
  }

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
      handle: putFault,
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
    {
      method: 'GET',
      path: '/v1/partitions',
      operation: 'listPartitions',
      summary: 'Every partition in force',
      success: { status: 200, description: 'The partitions.', schema: listOf(reference('Partition')) },
      handle: () =>
        json(
          200,
          plane.faults
            .list()
            .filter(({ origin }) => origin === 'partition')
            .map(views.partition),
        ),
    },
    {
      method: 'PUT',
      path: '/v1/partitions/{partition}',
      operation: 'putPartition',
      summary: 'Cuts every link between the groups, under this name; one that has it is changed',
      body: reference('PartitionRequest'),
      success: { status: 200, description: 'It is in force.', schema: reference('Partition') },
      errors: [409],
      handle(request) {
        const name = request.param('partition')
        const fault = readPartition(readJsonBody(request.body), plane, 'partition')
        const exists = plane.faults.list().some((other) => other.name === name)
        const put = exists
          ? plane.updateFault(ownFault(plane, name, 'partition').name, fault)
          : plane.addFault({ name, fault, origin: 'partition' })
        return json(200, views.partition(put))
      },
    },
    {
      method: 'DELETE',
      path: '/v1/partitions/{partition}',
      operation: 'healPartition',
      summary: 'Heals it: what was held goes on, what lost bytes is reset',
      success: { status: 204, description: 'It is healed.' },
      errors: [404, 409],
      handle(request) {
        plane.removeFault(ownFault(plane, request.param('partition'), 'partition').name)
        return noContent
      },
    },
  ]
}

/** Where each kind of fault is changed. */
const homes: { readonly [origin in FaultOrigin]: string } = {
  api: 'at /v1/faults',
  partition: 'at /v1/partitions',
  rules: 'by putting another rule set at /v1/rules',
  toxic: 'as a toxic of its proxy',
}

/** @throws ControlError (404), and (409) for what belongs to somebody else. */
function ownFault(plane: ControlPlane, name: string, origin: FaultOrigin): NamedFault {
  const fault = plane.faults.get(name)
  if (fault.origin === origin) return fault
  throw new ControlError(409, `${quote(name)} is not changed here, but ${homes[fault.origin]}`)
}
