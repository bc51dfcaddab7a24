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

/** Returns the other processes with this working directory that listen on a port. Reads Linux's /proc. */
export const listeningIn = (directory: string): readonly ListeningProcess[] =>
  listening((pid) => pid !== process.pid && linkOf(join(PROC, String(pid), 'cwd')) === directory)

export const portsOfSession = (leader: number): readonly number[] =>
  listening((pid) => sessionOf(pid) === leader).map(({ port }) => port)

function listening(isMeant: (pid: number) => boolean): readonly ListeningProcess[] {
  const ports = new Map(['tcp', 'tcp6'].flatMap((table) => listenersIn(textOf(join(PROC, 'net', table)))))
  const pids = namesIn(PROC).filter((name) => /^\d+$/.test(name) && isMeant(Number(name)))
  return pids.flatMap((pid) => {
    const at = (name: string) => join(PROC, pid, name)
    const sockets = namesIn(at('fd')).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(at(join('fd', fd))))?.[1] ?? '')
    const [port] = sockets.flatMap((inode) => ports.get(inode) ?? []).toSorted((a, b) => a - b)
    const command = textOf(at('cmdline')).split('\0').join(' ').trim()
    return port === undefined ? [] : [{ pid: Number(pid), command, port }]
  })
}

/** Reads the inode and port of every listening socket (proc_pid_net(5)). */
const listenersIn = (table: string): readonly (readonly [inode: string, port: number])[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      return state === LISTENING ? [[inode, Number.parseInt(local.split(':')[1] ?? '', 16)] as const] : []
    })

// A process may have ended, or belong to another user.

function namesIn(directory: string): readonly string[] {
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

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
