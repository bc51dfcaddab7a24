import { readlinkSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { livingSince } from '../processes/process-tree.ts'
import { groupsOf } from './ipv6-groups.ts'

// An address identifies the process that added it, by PID namespace, PID and start time. An IPv4 address has a label of
// at most 15 characters: "lo:" and the three numbers in base 36. An IPv6 address has no label, but contains the
// numbers: `2001:2:0:NAMESPACE:PID:PID:START:INDEX`. The namespace and the start time are truncated, so a process that
// has ended may be considered alive.

interface AddressOwner {
  readonly pid: number
  /** Undefined if the process belongs to another PID namespace. */
  readonly lives: boolean | undefined
}

interface Identity {
  readonly namespace: number
  readonly pid: number
  readonly startTime: number
}

/** The number of different values that each field of an address can hold. Larger numbers are truncated. */
interface Room {
  readonly namespace: number
  readonly startTime: number
}

const RADIX = 36
const WIDTH = { namespace: 4, pid: 5, startTime: 3 } as const
const LABEL = new RegExp(`^lo:([0-9a-z]{${WIDTH.namespace}})([0-9a-z]{${WIDTH.pid}})([0-9a-z]{${WIDTH.startTime}})$`)
const IN_LABEL: Room = { namespace: RADIX ** WIDTH.namespace, startTime: RADIX ** WIDTH.startTime }

/** The prefix reserved for benchmarking networks, like 198.18.0.0/15 (RFC 5180, section 8). */
const PREFIX6 = [0x2001, 2, 0] as const
const GROUP = 2 ** 16
const IN_ADDRESS: Room = { namespace: GROUP, startTime: GROUP }

export function ownLabel(): string {
  const { namespace, pid, startTime } = ownIdentity(IN_LABEL)
  return `lo:${digits(namespace, WIDTH.namespace)}${digits(pid, WIDTH.pid)}${digits(startTime, WIDTH.startTime)}`
}

export function ownAddress6(index: number): string {
  const { namespace, pid, startTime } = ownIdentity(IN_ADDRESS)
  return [...PREFIX6, namespace, Math.floor(pid / GROUP), pid % GROUP, startTime, index]
    .map((group) => group.toString(16))
    .join(':')
}

export function ownerOfLabel(label: string): AddressOwner | undefined {
  const [, namespace, pid = '', startTime = ''] = LABEL.exec(label) ?? []
  return namespace === undefined
    ? undefined
    : ownerBy({ namespace: number(namespace), pid: number(pid), startTime: number(startTime) }, IN_LABEL)
}

/** Returns the owner of an address, if chaos added it. */
export function ownerOf(label: string, address: string): AddressOwner | undefined {
  const labelled = ownerOfLabel(label)
  if (labelled !== undefined) return labelled
  if (!isIPv6(address)) return undefined
  const groups = groupsOf(address)
  if (PREFIX6.some((group, i) => groups[i] !== group)) return undefined
  const [, , , space = 0, high = 0, low = 0, since = 0] = groups
  return ownerBy({ namespace: space, pid: high * GROUP + low, startTime: since }, IN_ADDRESS)
}

function ownerBy({ namespace, pid, startTime }: Identity, room: Room): AddressOwner {
  if (namespace !== ownNamespace() % room.namespace) return { pid, lives: undefined }
  const since = livingSince(pid)
  return { pid, lives: since !== undefined && since % room.startTime === startTime }
}

const ownIdentity = (room: Room): Identity => ({
  namespace: ownNamespace() % room.namespace,
  pid: process.pid,
  startTime: (livingSince(process.pid) ?? 0) % room.startTime,
})

/** `pid:[4026531836]` */
const ownNamespace = (): number => Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0])

const number = (text: string): number => Number.parseInt(text, RADIX)

const digits = (value: number, width: number): string => value.toString(RADIX).padStart(width, '0')
