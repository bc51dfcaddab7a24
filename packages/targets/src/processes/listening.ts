import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { sessionOf } from './process-tree.ts'

export interface ListeningProcess {
  readonly pid: number
  readonly command: string
  /** The first of the process's ports. */
  readonly port: number
}

const PROC = '/proc'
const LISTENING = '0A'

/** Returns the processes, except this one, that have this working directory and listen on a port. Reads /proc. */
export const listeningIn = (directory: string): readonly ListeningProcess[] =>
  listening((pid) => pid !== process.pid && linkOf(join(PROC, String(pid), 'cwd')) === directory)

export const portsOfSession = (leader: number): readonly number[] =>
  listening((pid) => sessionOf(pid) === leader).map(({ port }) => port)

function listening(isMeant: (pid: number) => boolean): readonly ListeningProcess[] {
  const sockets = ['tcp', 'tcp6'].flatMap((table) => listenersIn(textOfFile(join(PROC, 'net', table))))
  const ports = new Map(sockets.map(({ inode, port }) => [inode, port]))
  const pids = namesIn(PROC).filter((name) => /^\d+$/.test(name) && isMeant(Number(name)))
  return pids.flatMap((pid) => {
    const at = (name: string) => join(PROC, pid, name)
    const inodes = namesIn(at('fd')).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(at(join('fd', fd))))?.[1] ?? '')
    const [port] = inodes.flatMap((inode) => ports.get(inode) ?? []).toSorted((a, b) => a - b)
    const command = textOfFile(at('cmdline')).split('\0').join(' ').trim()
    return port === undefined ? [] : [{ pid: Number(pid), command, port }]
  })
}

/** Returns the columns of every socket in a table of the kernel (proc_pid_net(5)). */
export const socketsIn = (table: string): readonly (readonly string[])[] =>
  table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))

/** Returns the listening sockets in a table of the kernel. Addresses are hexadecimal, as in the table. */
export const listenersIn = (
  table: string,
): readonly { readonly address: string; readonly port: number; readonly inode: string }[] =>
  socketsIn(table)
    .filter(([, , , state]) => state === LISTENING)
    .map((columns) => {
      const [address = '', port = ''] = columns[1]?.split(':') ?? []
      return { address, port: Number.parseInt(port, 16), inode: columns[9] ?? '' }
    })

// The functions below return an empty result if a process has ended, or belongs to another user.

export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

export function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
