import { inputError } from '@chaosproxy/history'
import type { Authority, Identity } from './authority.ts'

/** TLS between the client and the proxy, which presents a certificate. */
export interface TerminateOptions {
  /** The proxy's certificate and key; by default issued by `authority`. */
  readonly identity?: Identity | undefined
  /** Names in the issued certificate; by default `localhost` and the loopback addresses. */
  readonly names?: readonly string[] | undefined
  /** The authority that issues the certificate; by default created for the route. */
  readonly authority?: Authority | undefined
  /** Authorities in PEM. If set, clients must present a certificate signed by one of them. */
  readonly clientAuthorities?: string | undefined
  /** ALPN protocols in order of preference, such as `h2` and `http/1.1`. By default no protocol is negotiated. */
  readonly alpn?: readonly string[] | undefined
}

/** TLS between the proxy and the server. */
export interface OriginateOptions {
  /** Trusted authorities, in PEM; by default Node's. */
  readonly authorities?: string | undefined
  /** Whether the server's certificate is verified, by default true. */
  readonly verify?: boolean | undefined
  /** The name sent as SNI, which the server's certificate must match; by default the upstream's name. */
  readonly serverName?: string | undefined
  /** The client certificate, for servers that require one. */
  readonly identity?: Identity | undefined
  /** The ALPN protocols to offer; by default the protocol negotiated with the client, if any. */
  readonly alpn?: readonly string[] | undefined
}

/**
 * TLS at the edges of a route. Faults act on the plaintext in between. If both members are absent, TLS is passed
 * through like any other bytes.
 */
export interface TlsOptions {
  readonly terminate?: TerminateOptions | undefined
  readonly originate?: OriginateOptions | undefined
}

/** Reads a PEM file, if a setting has a path in place of the PEM text. */
export type ReadPem = (path: string) => string

const EXAMPLE = '{"terminate":{"names":["localhost"]},"originate":{"verify":false}}'

/**
 * Parses a route's `tls`. `{"terminate":true}` generates a certificate; `{"terminate":{"certificate":…,"key":…}}` gives
 * one.
 *
 * @throws UserError (input) with a message that begins with `where`.
 */
export function parseTls(value: unknown, where: string, readPem: ReadPem): TlsOptions {
  const members = objectOf(value, ['terminate', 'originate'], where)
  const terminate = membersOrFlag(members['terminate'], TERMINATE_MEMBERS, `${where}.terminate`)
  const originate = membersOrFlag(members['originate'], ORIGINATE_MEMBERS, `${where}.originate`)
  if (terminate === undefined && originate === undefined)
    throw inputError(`${where}: give "terminate", "originate" or both, as in ${EXAMPLE}.`)
  const pem = (text: string) => (text.includes('-----BEGIN') ? text : readPem(text))
  return {
    ...(terminate === undefined ? {} : { terminate: terminateOf(terminate, `${where}.terminate`, pem) }),
    ...(originate === undefined ? {} : { originate: originateOf(originate, `${where}.originate`, pem) }),
  }
}

type Members = { readonly [name: string]: unknown }

const TERMINATE_MEMBERS = ['certificate', 'key', 'names', 'clientAuthorities', 'alpn']
const ORIGINATE_MEMBERS = ['authorities', 'verify', 'serverName', 'certificate', 'key', 'alpn']

function terminateOf(members: Members, where: string, pem: ReadPem): TerminateOptions {
  const identity = identityOf(members, where, pem)
  const names = textsOf(members, 'names', where)
  if (identity !== undefined && names !== undefined)
    throw inputError(`${where}: "names" are for a generated certificate. Leave out "names" or "certificate".`)
  const clientAuthorities = textOf(members, 'clientAuthorities', where)
  return {
    identity,
    names,
    clientAuthorities: clientAuthorities === undefined ? undefined : pem(clientAuthorities),
    alpn: textsOf(members, 'alpn', where),
  }
}

function originateOf(members: Members, where: string, pem: ReadPem): OriginateOptions {
  const { verify } = members
  if (verify !== undefined && typeof verify !== 'boolean') throw inputError(`${where}: "verify" must be true or false.`)
  const authorities = textOf(members, 'authorities', where)
  return {
    identity: identityOf(members, where, pem),
    verify,
    serverName: textOf(members, 'serverName', where),
    authorities: authorities === undefined ? undefined : pem(authorities),
    alpn: textsOf(members, 'alpn', where),
  }
}

function identityOf(members: Members, where: string, pem: ReadPem): Identity | undefined {
  const certificate = textOf(members, 'certificate', where)
  const key = textOf(members, 'key', where)
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined)
    throw inputError(`${where}: "certificate" and "key" belong together. Give both, in PEM or as file names.`)
  return { certificate: pem(certificate), key: pem(key) }
}

function textOf(members: Members, name: string, where: string): string | undefined {
  const value = members[name]
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw inputError(`${where}: "${name}" must be a non-empty string.`)
}

function textsOf(members: Members, name: string, where: string): readonly string[] | undefined {
  const value = members[name]
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== ''))
    return value
  throw inputError(`${where}: "${name}" must be a non-empty list of strings.`)
}

function membersOrFlag(value: unknown, known: readonly string[], where: string): Members | undefined {
  if (value === undefined || value === false) return undefined
  return value === true ? {} : objectOf(value, known, where)
}

function objectOf(value: unknown, known: readonly string[], where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw inputError(`${where}: not an object. Give one like ${EXAMPLE}.`)
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw inputError(`${where}: unknown member ${JSON.stringify(unknown)}; there are ${known.join(', ')}.`)
  return value as Members
}
