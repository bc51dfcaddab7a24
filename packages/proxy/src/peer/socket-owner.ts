import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { isIP, isIPv4 } from 'node:net'
import { endianness } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { Endpoint } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import { ipv6Bytes } from '../socket/ipv6-bytes.ts'
import type { Address, PeerFinder } from './peers.ts'

/** Each node's process. */
export type Processes = ReadonlyMap<Endpoint, number>

/**
 * Identifies the dialling node by the process that owns the client's socket. Works on Linux, on the same machine and in
 * the same pid namespace, as root or as the processes' user. Connections of a process's descendants count as its own.
 * Takes milliseconds per connection, while the connection is being set up.
 *
 * @param processes called for every connection, because nodes may have restarted.
 *
 * @throws UserError (environment) if not on Linux.
 */
export function findBySocketOwner(processes: () => Processes | Promise<Processes>): PeerFinder {
  if (process.platform !== 'linux')
    throw environmentError(
      `chaos can find the owner of a socket only on Linux, and this is ${process.platform}. Give each link its own address: one route from each node to each other node.`,
    )
  return {
    by: 'socket owner',
    async find(client, listener) {
      const inode = await inodeOf(client, listener)
      if (inode === undefined) return undefined
      for (const [endpoint, pid] of await processes()) if (familyOwns(pid, inode)) return endpoint
      return undefined
    },
  }
}

/**
 * Finds the process that opened a connection, and names it by its program and process id, such as `python3 4711`. Works
 * only on Linux, for processes on the same machine and in the same pid namespace. The proxy must run as root or as the
 * user of the process. Takes milliseconds for a process that has opened no connection recently.
 *
 * @throws UserError (environment) if not on Linux.
 */
export function findAnyProcess(): PeerFinder {
  if (process.platform !== 'linux')
    throw environmentError(
      `chaos can find the process of a connection only on Linux, and this is ${process.platform}. Name clients by something in their requests: "client": "header.X-Client".`,
    )
  let last: readonly string[] = []
  return {
    by: 'socket owner',
    async find(client, listener) {
      const inode = await inodeOf(client, listener)
      if (inode === undefined) return undefined
      const everyone = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
      // Check processes that dialled recently first: they are likely to dial again.
      const pids = [...last, ...everyone.filter((pid) => !last.includes(pid)).reverse()]
      for (const pid of pids) {
        if (!owns(Number(pid), inode)) {
          await setImmediate()
          continue
        }
        last = [pid, ...last.filter((other) => other !== pid)].slice(0, LATELY)
        const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
        return `${name.trim()} ${pid}`.trim()
      }
      return undefined
    },
  }
}

const LATELY = 16

async function inodeOf(client: Address, listener: Address): Promise<string | undefined> {
  // The socket of a disconnected client has no address.
  if (isIP(client.host) === 0 || isIP(listener.host) === 0) return undefined
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const table = await readFile(path, 'latin1').catch(() => '')
    const inode = findInode(table, client, listener)
    // A closing socket has no inode.
    if (inode !== undefined && inode !== '0') return inode
  }
  return undefined
}

const familyOwns = (pid: number, inode: string): boolean =>
  owns(pid, inode) || childrenOf(pid).some((child) => familyOwns(child, inode))

/**
 * Whether the process has the socket open; false if the process cannot be inspected. The calls are synchronous, because
 * asynchronous calls take milliseconds instead of microseconds while the thread pool is busy.
 */
function owns(pid: number, inode: string): boolean {
  const directory = `/proc/${pid}/fd`
  const wanted = `socket:[${inode}]`
  const descriptors = orElse<readonly string[]>(() => readdirSync(directory), [])
  return descriptors.some((fd) => orElse(() => readlinkSync(`${directory}/${fd}`), '') === wanted)
}

function childrenOf(pid: number): readonly number[] {
  const threads = orElse<readonly string[]>(() => readdirSync(`/proc/${pid}/task`), [])
  return threads.flatMap((thread) =>
    orElse(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'), '')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  )
}

function orElse<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** The first words of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). */
const MAPPED_WORDS: readonly number[] = [0, 0, 0xffff]
const INODE_FIELD = 9

export function findInode(table: string, local: Address, remote: Address): string | undefined {
  for (const start of spellings(local))
    for (const end of spellings(remote)) {
      const at = table.indexOf(`: ${start} ${end} `)
      if (at === -1) continue
      const lineStart = table.lastIndexOf('\n', at) + 1
      return table.slice(lineStart, table.indexOf('\n', at)).trim().split(/\s+/)[INODE_FIELD]
    }
  return undefined
}

/** Returns the forms of an address in /proc/net/tcp and /proc/net/tcp6: words in the machine's byte order. */
function spellings({ host, port }: Address): readonly string[] {
  const digits = port.toString(16).toUpperCase().padStart(4, '0')
  const words = wordsOf(host)
  const spell = (parts: readonly number[]) => `${parts.map(spellWord).join('')}:${digits}`
  return words.length === 1 ? [spell(words), spell([...MAPPED_WORDS, ...words])] : [spell(words)]
}

function spellWord(word: number): string {
  const bytes = Buffer.alloc(4)
  if (endianness() === 'LE') bytes.writeUInt32LE(word)
  else bytes.writeUInt32BE(word)
  return bytes.toString('hex').toUpperCase()
}

/** Returns an address as 32-bit words: one for IPv4, four for IPv6. */
function wordsOf(host: string): readonly number[] {
  const plain = host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain)) return [Buffer.from(plain.split('.').map(Number)).readUInt32BE()]
  const bytes = ipv6Bytes(plain)
  return [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at))
}
