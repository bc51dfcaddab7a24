import { readFileSync } from 'node:fs'

const LISTENING = '0A'

/**
 * The TCP ports on which other containers can reach the processes of this network namespace, by the kernel's own tables:
 * nothing in the container's image is needed. Empty once the process has ended.
 */
export const listeningPorts = (pid: number): readonly number[] => [
  ...new Set(['tcp', 'tcp6'].flatMap((table) => portsIn(tableOf(pid, table)))),
]

/** Whether something listens on this port of ::1, where this process is. */
export const listensAtLoopback6 = (port: number): boolean =>
  listenersIn(tableOf('self', 'tcp6')).some((each) => each.port === port && [ANY6, LOOPBACK6].includes(each.address))

function tableOf(pid: number | 'self', table: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
  } catch {
    return '' // it has ended, or there is no IPv6
  }
}

export const portsIn = (table: string): readonly number[] =>
  listenersIn(table)
    .filter(({ address }) => !isLoopback(address))
    .map(({ port }) => port)

/** The addresses as the table has them: words of the machine's order, so 127.0.0.1 is `0100007F`. */
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
