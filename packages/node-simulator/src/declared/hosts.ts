import type { NodeId } from '@chaosproxy/faults'

/** The name of the simulated Redis, and its host name for programs. */
export const REDIS: NodeId = 'redis'
export const REDIS_PORT = 6_379
export const POSTGRES_PORT = 5_432

/** Returns environment variables with the given URLs. The URL of `payments` is in `PAYMENTS_URL`. */
export const urlVariables = (urls: ReadonlyMap<NodeId, string>): { readonly [name: string]: string } =>
  Object.fromEntries(
    Array.from(urls, ([name, url]) => [`${name.toUpperCase().replaceAll('-', '_')}_URL`, url] as const),
  )
