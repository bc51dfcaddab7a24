import { isIP } from 'node:net'
import { isPath } from './unix-socket.ts'

/** `127.0.0.1:80`, with an IPv6 address `[::1]:80`, and `unix:/run/db.sock` for a Unix socket. */
export const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  isPath(host) ? `unix:${host}` : isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
