import { randomBytes } from 'node:crypto'
import type { ControlPlane } from '../plane/plane.ts'
import type { Api } from '../server/api.ts'
import { statusOf } from '../state/errors.ts'
import type { ListenRule } from '../state/listen-rule.ts'
import { failure, plainText, toxiproxyMessage } from './replies.ts'
import { type ToxiproxyOptions, toxiproxyRoutes } from './routes.ts'

/** Toxiproxy's HTTP interface (2.x), which serves every path outside /v1. */
export function toxiproxyApi(plane: ControlPlane, options: ToxiproxyOptions, mayListen: ListenRule): Api {
  return {
    routes: toxiproxyRoutes(plane, options, mayListen),
    refuse: ({ 'user-agent': agent }) =>
      agent?.startsWith('Mozilla/') === true ? plainText(403, 'User agent not allowed\n') : undefined,
    noSuchPath: () => plainText(404, '404 page not found\n'),
    wrongMethod: (allowed) => ({ status: 405, headers: { Allow: allowed.join(', ') } }),
    failed: (error) => failure(statusOf(error), toxiproxyMessage(error)),
    headers: () => ({ 'X-Toxiproxy-Request-Id': requestId() }),
  }
}

const requestId = (): string => Array.from(randomBytes(20), (byte) => ID_LETTERS[byte % ID_LETTERS.length]).join('')

const ID_LETTERS = '0123456789abcdefghijklmnopqrstuv'
