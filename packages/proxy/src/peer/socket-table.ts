import { isIPv4 } from 'node:net'
import { endianness } from 'node:os'
import { ipv6Bytes } from '../ipv6-bytes.ts'
import type { Address } from './peers.ts'

/** The ends of an IPv4 address in IPv6's clothes (RFC 4291 §2.5.5.2). */
const MAPPED_WORDS: readonly number[] = [0, 0, 0xffff]
const INODE_FIELD = 9

/**
 * The inode of the socket that is at `local` and connected to `remote`, from the text of Linux' /proc/net/tcp or
 * /proc/net/tcp6 (proc_pid_net(5)); undefined where there is none.
 */
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

/** As tcp writes it, where it is an address of IPv4, and as tcp6 does: words of the machine's own byte order. */
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

/** One word for IPv4, mapped or not; four for IPv6. */
function wordsOf(host: string): readonly number[] {
  const plain = host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain)) return [Buffer.from(plain.split('.').map(Number)).readUInt32BE()]
  const bytes = ipv6Bytes(plain)
  return [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at))
}
