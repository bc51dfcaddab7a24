import { UserError } from '@chaosproxy/history'
import type { Authority, Identity } from './authority.ts'

/** Clients speak TLS with the proxy, which has a certificate of its own. */
export interface TerminateOptions {
  /** By default one is made, by the authority. */
  readonly identity?: Identity | undefined
  /** Of the certificate that is made: by default `localhost` and the addresses of loopback. */
  readonly names?: readonly string[] | undefined
  /** By default one is made for the route. */
  readonly authority?: Authority | undefined
  /** In PEM: clients have to show a certificate that one of these has signed. */
  readonly clientAuthorities?: string | undefined
  /** Protocols to choose from, the most wanted first, such as `h2` and `http/1.1`. By default none is agreed on. */
  readonly alpn?: readonly string[] | undefined
}

/** The proxy speaks TLS with the server. */
export interface OriginateOptions {
  /** In PEM: whom to believe. By default whom Node does. */
  readonly authorities?: string | undefined
  /** False: any certificate will do. */
  readonly verify?: boolean | undefined
  /** The name the server's certificate must have, and that it is asked for. By default the upstream's. */
  readonly serverName?: string | undefined
  /** For servers that want to know who is there. */
  readonly identity?: Identity | undefined
  /** By default what was agreed on with the client, if anything was. */
  readonly alpn?: readonly string[] | undefined
}

/** TLS at the edges of a route. With neither, it is passed through like any bytes. Faults act on what is between. */
export interface TlsOptions {
  readonly terminate?: TerminateOptions | undefined
  readonly originate?: OriginateOptions | undefined
}

/** Texts in JSON are read as PEM, and as names of files that hold PEM where they are none. */
export type ReadPem = (path: string) => string

const EXAMPLE = '{"terminate":{"names":["localhost"]},"originate":{"verify":false}}'

/**
 * Reads `tls` of a route: `{"terminate":true}` makes a certificate, `{"terminate":{"certificate":…,"key":…}}` uses one.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function parseTls(value: unknown, where: string, readPem: ReadPem): TlsOptions {
  const members = objectOf(value, ['terminate', 'originate'], where)
  const terminate = membersOrFlag(members['terminate'], TERMINATE_MEMBERS, `${where}.terminate`)
  const originate = membersOrFlag(members['originate'], ORIGINATE_MEMBERS, `${where}.originate`)
  if (terminate === undefined && originate === undefined)
    throw new UserError('input', `${where}: give "terminate", "originate" or both, as in ${EXAMPLE}.`)
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
    throw new UserError(
      'input',
      `${where}: "names" are for a certificate that is made. Leave them, or "certificate", out.`,
    )
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
  if (verify !== undefined && typeof verify !== 'boolean')
    throw new UserError('input', `${where}: "verify" is true or false.`)
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
    throw new UserError(
      'input',
      `${where}: "certificate" and "key" belong together. Give both, in PEM or as file names.`,
    )
  return { certificate: pem(certificate), key: pem(key) }
}

function textOf(members: Members, name: string, where: string): string | undefined {
  const value = members[name]
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw new UserError('input', `${where}: "${name}" is a text.`)
}

function textsOf(members: Members, name: string, where: string): readonly string[] | undefined {
  const value = members[name]
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== ''))
    return value
  throw new UserError('input', `${where}: "${name}" is a list of texts, one at least.`)
}

function membersOrFlag(value: unknown, known: readonly string[], where: string): Members | undefined {
  if (value === undefined || value === false) return undefined
  return value === true ? {} : objectOf(value, known, where)
}

function objectOf(value: unknown, known: readonly string[], where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError('input', `${where}: not an object. Give one like ${EXAMPLE}.`)
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UserError('input', `${where}: unknown member ${JSON.stringify(unknown)}; there are ${known.join(', ')}.`)
  return value as Members
}
