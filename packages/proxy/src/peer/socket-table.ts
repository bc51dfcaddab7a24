import { isIPv4 } from 'node:net'
import { endianness } from 'node:os'
import { ipv6Bytes } from '../socket/ipv6-bytes.ts'
import type { Address } from './peers.ts'

/** The prefix of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). */
const MAPPED_WORDS: readonly number[] = [0, 0, 0xffff]
const INODE_FIELD = 9

/**
 * The inode of the socket bound to `local` and connected to `remote`, from the text of Linux's /proc/net/tcp or
 * /proc/net/tcp6 (proc_pid_net(5)); undefined if there is none.
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

/** The address as in tcp (IPv4 only) and as in tcp6: words in the machine's byte order. */
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

/** One word for IPv4, mapped or not; four words for IPv6. */
function wordsOf(host: string): readonly number[] {
  const plain = host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain)) return [Buffer.from(plain.split('.').map(Number)).readUInt32BE()]
  const bytes = ipv6Bytes(plain)
  return [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at))
}
