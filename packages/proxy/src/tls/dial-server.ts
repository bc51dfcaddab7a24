import { connect, type Socket } from 'node:net'
import { placeOf } from '../socket/unix-socket.ts'
import type { OriginateOptions } from './tls-options.ts'

/** A server and how to reach it. */
export interface Reached {
  readonly host: string
  readonly port: number
  /** Its TLS; absent if it is reached in plaintext. */
  readonly originate?: OriginateOptions | undefined
}

/** Connects to a server as the proxy's own client, with plaintext for the caller. */
export async function dialServer({ host, port, originate }: Reached, timeoutMs: number): Promise<Socket> {
  if (originate === undefined) return connect({ ...placeOf({ host, port }), timeout: timeoutMs })
  // Loaded only for TLS, which is slow to load.
  const { serverDialler } = await import('./secure-edges.ts')
  const { secured } = serverDialler(originate, `to ${host}:${port}`)({ host, port })
  return secured.setTimeout(timeoutMs)
}
