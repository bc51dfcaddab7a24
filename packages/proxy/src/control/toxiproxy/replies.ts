import { errorText, UserError } from '@chaosproxy/history'
import type { ApiReply } from '../server/api.ts'

export const json = (status: number, value: unknown): ApiReply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
})

export const failure = (status: number, error: string): ApiReply => ({
  status,
  headers: { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' },
  body: `${JSON.stringify({ error, status })}\n`,
})

export const plainText = (status: number, body: string): ApiReply => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
  body,
})

/** Returns the message of an error. A failure to listen is reported in Go's words, which clients compare. */
export function toxiproxyMessage(error: unknown): string {
  const cause = error instanceof UserError ? error.cause : undefined
  if (!(cause instanceof Error) || !('code' in cause) || !('address' in cause) || !('port' in cause))
    return errorText(error)
  const why = GO_REASONS[String(cause.code)]
  return why === undefined
    ? errorText(error)
    : `listen tcp ${String(cause.address)}:${String(cause.port)}: bind: ${why}`
}

const GO_REASONS: { readonly [code: string]: string } = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
}
