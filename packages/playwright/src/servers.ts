import { UserError } from 'chaosproxy'

/** Servers by name: `{ chat: 'http://127.0.0.1:3000' }`, or `host:port`. */
export interface Servers {
  readonly [name: string]: string
}

export interface Server {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}

const PORTS: { readonly [scheme: string]: number } = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 }

/** @throws UserError (usage) for an invalid name or origin. */
export function parseServers(servers: Servers): readonly Server[] {
  const parsed = Object.entries(servers).map(([name, origin]) => parseServer(name, origin))
  for (const { name, host, port } of parsed) {
    const twin = parsed.find((other) => other.name !== name && other.port === port && isSameHost(other.host, host))
    if (twin !== undefined)
      throw new UserError(
        'usage',
        `servers: ${name} and ${twin.name} are both at ${host}:${port}. Give the server one name.`,
      )
  }
  return parsed
}

export const serverAt = (servers: readonly Server[], host: string, port: number): Server | undefined =>
  servers.find((server) => server.port === port && isSameHost(server.host, host))

/** The `host:port` that a proxy dials. */
export const addressOf = ({ host, port }: Pick<Server, 'host' | 'port'>): string => `${host}:${port}`

function parseServer(name: string, origin: string): Server {
  if (!/^[\w.-]+$/.test(name) || name === 'clients')
    throw new UserError(
      'usage',
      `servers: a server cannot be called ${JSON.stringify(name)}. Use letters, digits, "_", "." and "-", such as api. The name "clients" is reserved.`,
    )
  const text = origin.includes('://') ? origin : `http://${origin}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const usualPort = url && PORTS[url.protocol]
  if (url === undefined || usualPort === undefined || url.hostname === '')
    throw new UserError(
      'usage',
      `servers: ${name} is at ${JSON.stringify(origin)}, which is not an origin. Write http://127.0.0.1:3000, or host:port.`,
    )
  return {
    name,
    host: url.hostname,
    port: url.port === '' ? usualPort : Number(url.port),
    isSecure: usualPort === 443,
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1', '0:0:0:0:0:0:0:1']

const isSameHost = (a: string, b: string): boolean =>
  a.toLowerCase() === b.toLowerCase() || (LOOPBACK.includes(a) && LOOPBACK.includes(b))
