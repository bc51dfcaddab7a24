import type { ControlPlane } from '../plane/plane.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { ownFault } from './own-fault.ts'
import { json, noContent } from './replies.ts'
import { readJsonBody, readPartition } from './requests.ts'
import type { Views } from './views.ts'

/** Partitions: faults between whole groups of endpoints. */
export function partitionRoutes(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  return [
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
