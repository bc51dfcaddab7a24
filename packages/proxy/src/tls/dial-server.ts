import { connect, type Socket } from 'node:net'
import { placeOf } from '../socket/unix-socket.ts'
import type { OriginateOptions } from './tls-options.ts'

export interface Reached {
  readonly host: string
  readonly port: number
  /** TLS options for the server; absent if it uses plaintext. */
  readonly originate?: OriginateOptions | undefined
}

/** Connects to a server as the proxy's own client. The caller gets a socket in plaintext. */
export async function dialServer({ host, port, originate }: Reached, timeoutMs: number): Promise<Socket> {
  if (originate === undefined) return connect({ ...placeOf({ host, port }), timeout: timeoutMs })
  // Load the TLS code only if needed, because it loads slowly.
  const { serverDialler } = await import('./secure-edges.ts')
  const { secured } = serverDialler(originate, `to ${host}:${port}`)({ host, port })
  return secured.setTimeout(timeoutMs)
}
