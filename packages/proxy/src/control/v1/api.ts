import { errorText } from '@chaosproxy/history'
import type { ControlPlane } from '../plane/plane.ts'
import type { Api, ApiReply } from '../server/api.ts'
import { statusOf } from '../state/errors.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import { json } from './replies.ts'
import { v1Routes } from './routes.ts'

const PREFIX = '/v1'

export const isVersioned = (path: string): boolean => path === PREFIX || path.startsWith(`${PREFIX}/`)

/** The project's own API, for everything that Toxiproxy's API cannot express. Errors are `{"error","status"}`. */
export function v1Api(plane: ControlPlane, version: string, mayListen: ListenRule): Api {
  const failure = (status: number, error: string): ApiReply => json(status, { error, status })
  return {
    routes: v1Routes(plane, version, mayListen),
    noSuchPath: () => failure(404, 'there is no such path; GET /v1/openapi.json lists the paths'),
    wrongMethod(allowed) {
      const reply = failure(405, `this path has only ${allowed.join(', ')}`)
      return { ...reply, headers: { ...reply.headers, Allow: allowed.join(', ') } }
    },
    failed(error) {
      const status = statusOf(error)
      const reply = failure(status, errorText(error))
      return status === 401 ? { ...reply, headers: { ...reply.headers, 'WWW-Authenticate': 'Bearer' } } : reply
    },
    headers: () => ({
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'X-Chaos-Version': version,
    }),
  }
}
