import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'
import { groupsOf } from './ipv6-groups.ts'

const ESTABLISHED = '01'
const SYN_SENT = '02'
const LISTENING = '0A'

/**
 * The TCP ports on which other containers can reach the processes of this network namespace over IPv4, by the kernel's own
 * tables: nothing in the container's image is needed. Empty once the process has ended.
 */
export const listeningPorts = (pid: number): readonly number[] => [
  ...new Set(['tcp', 'tcp6'].flatMap((table) => portsIn(tableOf(pid, table)))),
]

/** The same ports, over IPv6. */
export const listeningPorts6 = (pid: number): readonly number[] => [...new Set(ports6In(tableOf(pid, 'tcp6')))]

/** Whether something listens on this port of ::1, where this process is. */
export const listensAtLoopback6 = (port: number): boolean =>
  listenersIn(tableOf('self', 'tcp6')).some((each) => each.port === port && [ANY6, LOOPBACK6].includes(each.address))

/** The given addresses that a process in this network namespace is connected to. */
export function connectedTo(pid: number, addresses: readonly string[]): readonly string[] {
  const connected = new Set(['tcp', 'tcp6'].flatMap((table) => connectionsIn(tableOf(pid, table))))
  return addresses.filter((address) => connected.has(wordsOf(address)))
}

/** The given addresses that a process in this network namespace is dialling, without a reply yet. */
export function diallingTo(pid: number, addresses: readonly string[]): readonly string[] {
  const dialled = new Set(['tcp', 'tcp6'].flatMap((table) => connectionsIn(tableOf(pid, table), SYN_SENT)))
  return addresses.filter((address) => dialled.has(wordsOf(address)))
}

/** The remote addresses, with IPv4 addresses in their own form, not mapped to IPv6. */
export const connectionsIn = (table: string, wanted: string = ESTABLISHED): readonly string[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , remote = '', state] = line.trim().split(/\s+/)
      const [address = ''] = remote.split(':')
      return state === wanted ? [address.replace(/^0{16}(F{4}0{4}|0{4}F{4})/, '')] : []
    })

/** `0100007F` of 127.0.0.1: words of four bytes in the machine's order. */
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
    return '' // it has ended, or there is no IPv6
  }
}

const portsIn = (table: string): readonly number[] =>
  listenersIn(table)
    .filter(({ address }) => !isLoopback(address))
    .map(({ port }) => port)

/** From the table of IPv6, which also lists sockets of IPv4. */
const ports6In = (table: string): readonly number[] =>
  listenersIn(table)
    .filter(({ address }) => address !== LOOPBACK6 && !/^0{16}F{4}0{4}/.test(address))
    .map(({ port }) => port)

/** The addresses in the table's form: words in the machine's order, so 127.0.0.1 is `0100007F`. */
const listenersIn = (table: string): readonly { readonly address: string; readonly port: number }[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return state === LISTENING ? [{ address, port: Number.parseInt(port, 16) }] : []
    })

const ANY6 = '0'.repeat(32)
const LOOPBACK6 = '00000000000000000000000001000000'

const isLoopback = (address: string): boolean =>
  address.length === 8 ? address.endsWith('7F') : address === LOOPBACK6 || /^0{16}F{4}0{4}.{6}7F$/.test(address)
