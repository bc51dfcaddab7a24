import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'
import { listenersIn, socketsIn } from '../processes/listening.ts'
import { groupsOf } from './ipv6-groups.ts'

const ESTABLISHED = '01'
const SYN_SENT = '02'

/**
 * Returns the TCP ports that other containers can reach over IPv4 in this network namespace. Reads the kernel's tables,
 * so the image needs no special programs.
 */
export const listeningPorts = (pid: number): readonly number[] => [
  ...new Set(['tcp', 'tcp6'].flatMap((table) => portsIn(tableOf(pid, table)))),
]

/** Returns the TCP ports that other containers can reach over IPv6 in this network namespace. */
export const listeningPorts6 = (pid: number): readonly number[] => [...new Set(ports6In(tableOf(pid, 'tcp6')))]

/** Returns whether a process of this network namespace listens on this port of ::1. */
export const listensAtLoopback6 = (port: number): boolean =>
  listenersIn(tableOf('self', 'tcp6')).some((each) => each.port === port && [ANY6, LOOPBACK6].includes(each.address))

type Peers = (pid: number, addresses: readonly string[]) => readonly string[]

const peersIn =
  (state: string): Peers =>
  (pid, addresses) => {
    const peers = new Set(['tcp', 'tcp6'].flatMap((table) => connectionsIn(tableOf(pid, table), state)))
    return addresses.filter((address) => peers.has(wordsOf(address)))
  }

/** Returns those of the addresses to which the process's network namespace has a connection. */
export const connectedTo: Peers = peersIn(ESTABLISHED)

/** Returns which of the addresses this network namespace is dialling, without a reply yet. */
export const diallingTo: Peers = peersIn(SYN_SENT)

/** Returns the remote addresses in a table, with mapped IPv4 addresses as IPv4. */
export const connectionsIn = (table: string, wanted: string = ESTABLISHED): readonly string[] =>
  socketsIn(table)
    .filter(([, , , state]) => state === wanted)
    .map(([, , remote = '']) => remote.replace(/:.*$/, '').replace(/^0{16}(F{4}0{4}|0{4}F{4})/, ''))

/** Returns an address as in the kernel's tables, in words of the machine's byte order: `0100007F` for 127.0.0.1. */
export function wordsOf(address: string): string {
  const bytes = isIPv6(address)
    ? groupsOf(address).flatMap((group) => [group >> 8, group & 0xff])
    : address.split('.').map(Number)
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
  const words = Array.from({ length: digits.length / 4 }, (_, i) => digits.slice(i * 4, i * 4 + 4))
  return words.flatMap((word) => (endianness() === 'LE' ? word.reverse() : word)).join('')
}

function tableOf(pid: number | 'self', table: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
  } catch {
    return '' // the process has ended, or there is no IPv6
  }
}

const portsIn = (table: string): readonly number[] =>
  listenersIn(table)
    .filter(({ address }) => !isLoopback(address))
    .map(({ port }) => port)

/** A table for IPv6 also lists IPv4 sockets. */
const ports6In = (table: string): readonly number[] =>
  listenersIn(table)
    .filter(({ address }) => address !== LOOPBACK6 && !/^0{16}F{4}0{4}/.test(address))
    .map(({ port }) => port)

const ANY6 = '0'.repeat(32)
const LOOPBACK6 = '00000000000000000000000001000000'

const isLoopback = (address: string): boolean =>
  address.length === 8 ? address.endsWith('7F') : address === LOOPBACK6 || /^0{16}F{4}0{4}.{6}7F$/.test(address)
