import { addressText } from '@chaosproxy/history'
import { isPath } from './unix-socket.ts'

/** Returns `127.0.0.1:80`; for an IPv6 address `[::1]:80`, and for a Unix socket `unix:/run/db.sock`. */
export const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  isPath(host) ? `unix:${host}` : addressText({ host, port })
