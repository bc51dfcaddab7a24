import {
  familyOf,
  type Link,
  linkName,
  linksBetween,
  parseTrafficFault,
  quote,
  readObject,
  readParameters,
  type TcpFault,
  type TrafficFault,
} from '@chaosproxy/faults'
import { type PidFiles, parsePeers } from '../../peer/parse-peers.ts'
import { parseTls, type ReadPem, type TlsOptions } from '../../tls/tls-options.ts'
import type { ControlPlane } from '../plane/plane.ts'
import { parseCarriage } from '../state/carriage.ts'
import { type End, parseEnd, tlsBetween, withAlpn } from '../state/ends.ts'
import { ControlError } from '../state/errors.ts'
import type { FaultToAdd } from '../state/fault-board.ts'
import { validateName } from '../state/names.ts'
import { linksOf, type ManagedProxy, type ProxyChange, type ProxySettings } from '../state/proxies.ts'
import { leaseParameters, newProxyParameters, partitionParameters, proxyChangeParameters } from './schemas.ts'

export function readJsonBody(body: Buffer): unknown {
  const value = parseJson(body)
  if (isDeeperThan(value, DEEPEST)) throw new ControlError(400, `the body has more than ${DEEPEST} levels of nesting`)
  return value
}

/** The deepest nesting accepted, far deeper than any valid request. The limit makes recursion over the value safe. */
const DEEPEST = 64

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    const why = body.length === 0 ? 'it is empty' : error instanceof Error ? error.message : String(error)
    throw new ControlError(400, `the body is not JSON: ${why}`)
  }
}

const isDeeperThan = (value: unknown, depth: number): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (depth === 0 || Object.values(value).some((member) => isDeeperThan(member, depth - 1)))

/** The local files that a proxy's settings may name. A config file may name any file, and a request may name none. */
export interface LocalFiles {
  readonly readPem: ReadPem
  readonly pidFiles: PidFiles
}

/** @throws UserError (input) */
export function readProxy(value: unknown, where: string, { readPem, pidFiles }: LocalFiles): ProxySettings {
  const members = readObject(value, where)
  const read = readParameters(newProxyParameters, members, where, ['carries', 'tls', 'peers'])
  for (const end of [read.from, read.to]) {
    if (end?.includes('>') === true)
      throw new ControlError(400, `${where}: ${quote(end)}: the end of a link must not contain ">"`)
    if (end !== undefined) validateName('an end of a link', end)
  }
  const { tls, peers } = members
  const carries = readCarries(members['carries'], where)
  const given = tls === undefined ? undefined : parseTls(tls, `${where}: "tls"`, readPem)
  return {
    ...read,
    ...(carries === undefined ? {} : { carries }),
    ...readEnds(read, given, { carries, where }),
    ...(peers === undefined
      ? {}
      : { peers: parsePeers(peers, `${where}: "peers"`, pidFiles), peerNames: Object.keys(readObject(peers, where)) }),
  }
}

function readCarries(carries: unknown, where: string): ProxySettings['carries'] {
  return carries === undefined || carries === 'tcp' ? carries : parseCarriage(carries, `${where}: "carries"`)
}

/** Reads the addresses. A scheme such as `https://` also sets TLS options. */
function readEnds(
  { listen, upstream }: Pick<ProxySettings, 'listen' | 'upstream'>,
  tls: TlsOptions | undefined,
  { carries, where }: { readonly carries: ProxySettings['carries']; readonly where: string },
): Pick<ProxySettings, 'listen' | 'upstream' | 'tls' | 'isHttps'> {
  const here = readEnd('listen', listen, where)
  const there = readEnd('upstream', upstream, where)
  const both = { ...tlsBetween(here, there, carries), ...tls }
  return {
    listen: here.address,
    upstream: there.address,
    ...(both.terminate === undefined && both.originate === undefined ? {} : { tls: withAlpn(both, carries) }),
    ...(there.isHttps ? { isHttps: true } : {}),
  }
}

/** Parses an address with a scheme. An address without a scheme is checked where it is used. */
const readEnd = (name: 'listen' | 'upstream', typed: string, where: string): End =>
  typed.includes('://')
    ? parseEnd(name, typed, `${where}: "${name}"`)
    : { address: typed, isSecure: false, isHttps: false }

/** Reads a change of a proxy's settings, in which every member is optional. @throws UserError (input) */
export function readProxyChange(value: unknown, where: string): ProxyChange {
  return readParameters(proxyChangeParameters, readObject(value, where), where)
}

export interface FaultRequest {
  readonly name: string | undefined
  readonly fault: TrafficFault
  readonly lease: string | undefined
}

/**
 * Reads a fault with its links, or with the proxies on whose links it acts:
 * `{"kind":"latency","latencyMs":50,"proxies":["db"],"direction":"downstream"}`.
 *
 * @throws UserError (input), ControlError (404) for an unknown proxy.
 */
export function readFault(value: unknown, plane: Pick<ControlPlane, 'proxies'>, where: string): FaultRequest {
  const { name, lease, proxies, direction, links, ...harm } = readObject(value, where)
  for (const [member, text] of Object.entries({ name, lease }))
    if (text !== undefined && (typeof text !== 'string' || text === ''))
      throw new ControlError(400, `${where}: "${member}" is ${quote(text)}. Give a string.`)
  if (links !== undefined && proxies !== undefined)
    throw new ControlError(400, `${where}: give "links" or "proxies", not both`)
  if (proxies === undefined && direction !== undefined)
    throw new ControlError(400, `${where}: "direction" needs "proxies"; a link has a direction of its own`)
  const family = familyOf(harm['kind'])?.name
  // A request fault is placed on the link that carries the requests, even if the fault affects the responses.
  const ways = readDirection(family === 'http' || family === 'sql' ? 'upstream' : direction, where)
  const given =
    proxies === undefined
      ? links
      : readProxyNames(proxies, where).flatMap((proxy) => linksForFamily(plane.proxies.get(proxy), family, ways))
  const fault = parseTrafficFault({ ...harm, links: given }, where)
  return { name: name as string | undefined, fault: withFewLinks(fault, where), lease: lease as string | undefined }
}

/**
 * Removes duplicate links and limits their number. Every link costs time for each fault, in the thread that moves the
 * traffic.
 */
function withFewLinks(fault: TrafficFault, where: string): TrafficFault {
  const links = [...new Map(fault.links.map((link) => [linkName(link), link])).values()]
  if (links.length <= MOST_LINKS) return { ...fault, links }
  throw new ControlError(400, `${where}: ${links.length} links are given; a fault has at most ${MOST_LINKS}`)
}

const MOST_LINKS = 1_000
const MOST_RULES = 1_000

type Direction = 'both' | 'upstream' | 'downstream'

function readDirection(value: unknown, where: string): Direction {
  if (value === undefined) return 'both'
  if (value === 'both' || value === 'upstream' || value === 'downstream') return value
  throw new ControlError(400, `${where}: "direction" is ${quote(value)}. Give both, upstream or downstream.`)
}

function readProxyNames(value: unknown, where: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'))
    return [...new Set<string>(value)]
  throw new ControlError(400, `${where}: "proxies" is ${quote(value)}. Give a list of names, such as ["db"].`)
}

/**
 * Returns the links on which a fault acts. TCP faults act on the separate links of each caller. Other faults act on the
 * two links that all callers share.
 */
function linksForFamily(proxy: ManagedProxy, family: string | undefined, direction: Direction): readonly Link[] {
  if (family === 'tcp') return linksOf(proxy, direction)
  const { forward, backward } = proxy
  return direction === 'upstream' ? [forward] : direction === 'downstream' ? [backward] : [forward, backward]
}

export function readRules(value: unknown, plane: Pick<ControlPlane, 'proxies'>, where: string): readonly FaultToAdd[] {
  const { faults, ...unknown } = readObject(value, where)
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined) throw new ControlError(400, `${where}: unknown member ${quote(stranger)}. Known: faults.`)
  if (!Array.isArray(faults)) throw new ControlError(400, `${where}: "faults" must be a list of faults`)
  if (faults.length > MOST_RULES)
    throw new ControlError(400, `${where}: ${faults.length} faults are given; at most ${MOST_RULES} are allowed`)
  return faults.map((item, i) => {
    const { name, fault, lease } = readFault(item, plane, `${where}: faults[${i}]`)
    return { name: name ?? `rule-${i + 1}`, fault, lease, origin: 'rules' }
  })
}

/**
 * Reads a partition, which is a cut of the links between its groups. Only links that a proxy carries are cut.
 *
 * @throws UserError (input), ControlError (400)
 */
export function readPartition(value: unknown, plane: Pick<ControlPlane, 'proxies'>, where: string): TcpFault {
  const members = readObject(value, where)
  const { mode } = readParameters(partitionParameters, members, where, ['groups'])
  const { groups } = members
  if (!Array.isArray(groups) || groups.length < 2 || !groups.every(isGroup))
    throw new ControlError(
      400,
      `${where}: "groups" must be two or more lists of link ends, such as [["n1"],["n2","n3"]]`,
    )
  const carried = plane.proxies.list().flatMap((proxy) => linksOf(proxy))
  const ends = new Set(carried.map(({ from }) => from))
  const stranger = groups.flat().find((end) => !ends.has(end))
  if (stranger !== undefined)
    throw new ControlError(
      400,
      `${where}: no proxy reaches ${quote(stranger)}. Known: ${[...ends].join(', ') || 'none yet'}.`,
    )
  const links = linksBetween(groups).filter((link) =>
    carried.some(({ from, to }) => from === link.from && to === link.to),
  )
  if (links.length === 0) throw new ControlError(400, `${where}: no proxy carries a link between these groups`)
  return { kind: 'partition', mode, links }
}

const isGroup = (group: unknown): group is readonly string[] =>
  Array.isArray(group) && group.length > 0 && group.every((end) => typeof end === 'string')

/** @throws UserError (input) */
export function readLease(value: unknown, where: string): { readonly owner: string; readonly ttlMs: number } {
  return readParameters(leaseParameters, readObject(value, where), where)
}
