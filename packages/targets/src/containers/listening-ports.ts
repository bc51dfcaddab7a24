import { readFileSync } from 'node:fs'

const LISTENING = '0A'

/**
 * The TCP ports on which other containers can reach the processes of this network namespace, by the kernel's own tables:
 * nothing in the container's image is needed. Empty once the process has ended.
 */
export const listeningPorts = (pid: number): readonly number[] => [
  ...new Set(['tcp', 'tcp6'].flatMap((table) => portsIn(tableOf(pid, table)))),
]

function tableOf(pid: number, table: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
  } catch {
    return '' // it has ended, or there is no IPv6
  }
}

export const portsIn = (table: string): readonly number[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return state === LISTENING && !isLoopback(address) ? [Number.parseInt(port, 16)] : []
    })

/** Addresses are written as words of the machine's order: 127.0.0.1 is `0100007F`. */
const isLoopback = (address: string): boolean =>
  address.length === 8
    ? address.endsWith('7F')
    : address === '00000000000000000000000001000000' || /^0{16}F{4}0{4}.{6}7F$/.test(address)
