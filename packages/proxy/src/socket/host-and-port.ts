import { isIP } from 'node:net'

/** `127.0.0.1:80`, or with an IPv6 address `[::1]:80`. */
export const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
