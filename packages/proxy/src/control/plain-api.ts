import { metricsReply } from './metrics.ts'
import type { ControlPlane } from './plane.ts'
import type { Api } from './server/api.ts'
import { v1Api } from './v1/api.ts'

/**
 * What is beside the versioned interface where Toxiproxy's is not asked for: metrics, where Prometheus looks for
 * them.
 */
export function plainApi(plane: ControlPlane, version: string): Api {
  return {
    ...v1Api(plane, version),
    owns: () => true,
    routes: [{ method: 'GET', path: '/metrics', handle: () => metricsReply(plane) }],
  }
}
