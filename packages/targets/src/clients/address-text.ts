import type { Address } from '@chaosproxy/proxy'

/** Formats an address: `127.0.0.1:7001`, or `[::1]:7001`. */
export const addressText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
