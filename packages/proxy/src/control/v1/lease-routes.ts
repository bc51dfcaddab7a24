import type { ControlPlane } from '../plane/plane.ts'
import type { Lease } from '../state/leases.ts'
import { type DescribedRoute, reference } from './described-route.ts'
import { adds, gets, lists, type NamedThings, removes } from './named-things.ts'
import { json } from './replies.ts'
import { readLease } from './requests.ts'
import type { Views } from './views.ts'

export function leaseRoutes({ leases }: Pick<ControlPlane, 'leases'>, views: Views): readonly DescribedRoute[] {
  const things: NamedThings<Lease> = { noun: 'lease', added: 'grant', removed: 'end', view: views.lease }
  return [
    lists(things, 'Every lease in force', () => leases.list()),
    adds(
      things,
      'Grants a lease: its faults heal when it ends, or is not renewed in time',
      { done: 'It has begun.' },
      (body) => {
        const { owner, ttlMs } = readLease(body, 'lease')
        const lease = leases.grant(owner, ttlMs)
        return [lease.id, lease]
      },
    ),
    gets(things, 'One lease, with its remaining time', (id) => leases.get(id)),
    {
      method: 'POST',
      path: '/v1/leases/{lease}/renew',
      operation: 'renewLease',
      summary: 'Renews it for its full duration',
      success: { status: 200, description: 'It goes on.', schema: reference('Lease') },
      errors: [404],
      handle: (request) => json(200, views.lease(leases.renew(request.param('lease')))),
    },
    removes(things, 'Ends it, and heals every fault that depends on it', { done: 'It is over.', errors: [404] }, (id) =>
      leases.end(id),
    ),
  ]
}
