import type { ControlPlane } from '../plane/plane.ts'
import type { Api } from '../server/api.ts'
import { metricsReply } from './metrics.ts'

/** The versioned API, plus metrics at Prometheus's usual path. Used when Toxiproxy's API is off. */
export function plainApi(plane: ControlPlane, versioned: Api): Api {
  return {
    ...versioned,
    routes: [{ method: 'GET', path: '/metrics', handle: () => metricsReply(plane) }],
  }
}
