import { UserError, usageError } from '@chaosproxy/history'
import { recordedProtocols } from '@chaosproxy/recorder/protocols'
import type { TlsOptions } from '../../tls/tls-options.ts'
import { parseAddress } from './address.ts'
import type { Carriage } from './carriage.ts'

export interface End {
  /** `host:port` */
  readonly address: string
  readonly isSecure: boolean
  readonly isHttps: boolean
}

/** Whether each scheme uses TLS, and its default port. */
const SCHEMES: { readonly [scheme: string]: Scheme } = {
  http: { isSecure: false, port: 80 },
  https: { isSecure: true, port: 443 },
  tcp: { isSecure: false, port: undefined },
  tls: { isSecure: true, port: undefined },
}

interface Scheme {
  readonly isSecure: boolean
  readonly port: number | undefined
}

const schemeNamed = (name: string): Scheme | undefined =>
  [SCHEMES, ...recordedProtocols.map(({ schemes }) => schemes)].find((known) => Object.hasOwn(known, name))?.[name]

/** @throws UserError (usage) that names the option and shows the expected form. */
export function parseEnd(option: 'listen' | 'upstream', typed: string, where = `--${option}`): End {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/i.exec(typed) ?? []
  if (scheme === undefined) return { address: checkedAddress(where, typed), isSecure: false, isHttps: false }
  if (scheme.toLowerCase() === 'unix') return parseEnd(option, `unix:${rest}`, where)
  const known = schemeNamed(scheme.toLowerCase())
  const place = rest.replace(/\/$/, '')
  if (known === undefined || /[/?#@]/.test(place))
    throw usageError(
      `${where} ${typed}: this is not an address. Write host:port or an origin, such as https://api.example:8443.`,
    )
  const hasPort = /:\d+$/.test(place)
  const port = option === 'listen' ? 0 : known.port
  const address = hasPort || port === undefined ? place : `${place}:${port}`
  return {
    address: checkedAddress(where, typed, address),
    isSecure: known.isSecure,
    isHttps: scheme.toLowerCase() === 'https',
  }
}

/** @throws UserError (usage) that names the option and shows the expected form. */
export function checkedAddress(where: string, typed: string, address: string = typed): string {
  try {
    parseAddress(address)
    return address
  } catch (error) {
    const why = error instanceof UserError ? error.message.replace(/^address .*?: /, '') : String(error)
    throw usageError(
      `${where} ${typed}: ${why}. Write host:port, such as 127.0.0.1:8080${where.includes('upstream') ? '' : '; port 0 is any free one'}.`,
    )
  }
}

/**
 * Returns the TLS options of the ends that use TLS. The listener's certificate is generated. The upstream's certificate
 * is verified unless `NODE_TLS_REJECT_UNAUTHORIZED` is 0, as in all of Node.
 */
export function tlsBetween(
  listen: Pick<End, 'address' | 'isSecure'>,
  upstream: Pick<End, 'isSecure'>,
  carries: Carriage | 'tcp' | undefined,
): TlsOptions | undefined {
  if (!listen.isSecure && !upstream.isSecure) return undefined
  const alpn = alpnOf(carries)
  const verify = process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0'
  const { host } = parseAddress(listen.address)
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...(WILDCARDS.includes(host) ? [] : [host])])]
  return {
    ...(listen.isSecure ? { terminate: { names, alpn } } : {}),
    ...(upstream.isSecure ? { originate: { verify, alpn } } : {}),
  }
}

/** Hosts that no certificate can name. */
const WILDCARDS: readonly string[] = ['', '0.0.0.0', '::']

/** Sets the protocol to negotiate (ALPN) in TLS options that have none. */
export function withAlpn(tls: TlsOptions, carries: Carriage | 'tcp' | undefined): TlsOptions {
  if (typeof carries !== 'object' || carries.kind !== 'http2') return tls
  const alpn = alpnOf(carries)
  const { terminate, originate } = tls
  return {
    ...(terminate && { terminate: { ...terminate, alpn: terminate.alpn ?? alpn } }),
    ...(originate && { originate: { ...originate, alpn: originate.alpn ?? alpn } }),
  }
}

const alpnOf = (carries: Carriage | 'tcp' | undefined): readonly string[] | undefined =>
  typeof carries === 'object' ? ALPN[carries.kind] : undefined

/** The protocols offered by ALPN. Both ends must use the same version of HTTP, so only one is offered. */
const ALPN: { readonly [kind in Carriage['kind']]?: readonly string[] } = {
  http: ['http/1.1'],
  http2: ['h2'],
}
