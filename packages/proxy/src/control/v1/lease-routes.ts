import type { ControlPlane } from '../plane/plane.ts'
import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { json, noContent } from './replies.ts'
import { readJsonBody, readLease } from './requests.ts'
import type { Views } from './views.ts'

export function leaseRoutes({ leases }: Pick<ControlPlane, 'leases'>, views: Views): readonly DescribedRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/leases',
      operation: 'listLeases',
      summary: 'Every lease that is still good',
      success: { status: 200, description: 'The leases.', schema: listOf(reference('Lease')) },
      handle: () => json(200, leases.list().map(views.lease)),
    },
    {
      method: 'POST',
      path: '/v1/leases',
      operation: 'grantLease',
      summary: 'A lease for faults that are to heal by themselves when their owner is gone',
      body: reference('LeaseRequest'),
      success: { status: 201, description: 'It has begun.', schema: reference('Lease') },
      handle({ body }) {
        const { owner, ttlMs } = readLease(readJsonBody(body), 'lease')
        const lease = leases.grant(owner, ttlMs)
        return json(201, views.lease(lease), { Location: `/v1/leases/${lease.id}` })
      },
    },
    {
      method: 'GET',
      path: '/v1/leases/{lease}',
      operation: 'getLease',
      summary: 'One lease, and how long it still lasts',
      success: { status: 200, description: 'The lease.', schema: reference('Lease') },
      errors: [404],
      handle: (request) => json(200, views.lease(leases.get(request.param('lease')))),
    },
    {
      method: 'POST',
      path: '/v1/leases/{lease}/renew',
      operation: 'renewLease',
      summary: 'A heartbeat: it lasts its whole time again',
      success: { status: 200, description: 'It goes on.', schema: reference('Lease') },
      errors: [404],
      handle: (request) => json(200, views.lease(leases.renew(request.param('lease')))),
    },
    {
      method: 'DELETE',
      path: '/v1/leases/{lease}',
      operation: 'endLease',
      summary: 'Ends it, and heals every fault that lives by it',
      success: { status: 204, description: 'It is over.' },
      errors: [404],
      handle(request) {
        leases.end(request.param('lease'))
        return noContent
      },
    },
  ]
}
