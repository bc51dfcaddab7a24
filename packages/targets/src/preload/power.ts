import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import type { FaultOfKind, Random } from '@chaosproxy/faults'

// The effect of a power loss on files. `disk.c` has logged the contents of each changed part. Undoing the changes from
// the last to the first restores the state at the last fsync.

/** A file and its sizes before and after a power loss. */
export interface Cut {
  readonly path: string
  /** Sizes in bytes. */
  readonly before: number
  readonly after: number
}

export type Unsynced = FaultOfKind<'power-loss'>['unsynced']

interface LossOptions {
  /** The path of the disk. Every file below it may lose data. */
  readonly disk: string
  readonly undo: string
  readonly unsynced: Unsynced
  readonly random: Random
}

/**
 * Removes all or some unsynced changes from the files of a disk, and returns the changed files. No program may have
 * them open.
 */
export function losePower({ disk, undo, unsynced, random }: LossOptions): readonly Cut[] {
  const cuts = filesBelow(disk).flatMap((path) => {
    const changes = unsyncedChanges(join(undo, logName(path)))
    if (changes.length === 0) return []
    return cut(path, changes, { disk, unsynced, random }) ?? []
  })
  // The remaining contents are durable now.
  for (const name of readdirSync(undo)) rmSync(join(undo, name))
  return cuts
}

/**
 * Declares everything on a disk to be fsynced. The disk's programs must be stopped during the call. Records the size of
 * each file, because a later power loss may remove what programs append beyond this size.
 */
export function settleDisk({ disk, undo }: Pick<LossOptions, 'disk' | 'undo'>): void {
  for (const path of filesBelow(disk)) {
    const log = join(undo, logName(path))
    const records = read(`${log}.log`)
    if (records === undefined) continue
    const [size, length] = [Buffer.alloc(HEADER_BYTES), Buffer.alloc(8)]
    size.writeBigInt64LE(KINDS.size)
    size.writeBigInt64LE(BigInt(statSync(path).size), 8)
    appendFileSync(`${log}.log`, size)
    length.writeBigInt64LE(BigInt(records.length))
    writeFileSync(`${log}.synced`, length, { flag: existsSync(`${log}.synced`) ? 'r+' : 'w' })
  }
}

export const filesBelow = (disk: string): string[] =>
  readdirSync(disk, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

/**
 * Returns the name of a file's log. The inode number of a removed file is used again, so the name contains the birth
 * time, too.
 */
function logName(path: string): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true })
  return `${ino}-${birthtimeNs}`
}

interface Change {
  readonly size: number
  readonly offset: number
  /** The old contents; empty if the change only appended. */
  readonly held: Buffer
}

const KINDS = { size: 1n, bytes: 2n, zeros: 3n } as const
const HEADER_BYTES = 32

function unsyncedChanges(log: string): readonly Change[] {
  const records = read(`${log}.log`)
  if (records === undefined) return []
  const synced = read(`${log}.synced`)
  const changes: Change[] = []
  let at = synced === undefined || synced.length < 8 ? 0 : Number(synced.readBigInt64LE())
  while (at + HEADER_BYTES <= records.length) {
    const [kind, size, offset, length] = [0, 8, 16, 24].map((place) => records.readBigInt64LE(at + place))
    if (kind === undefined || size === undefined || offset === undefined || length === undefined) break
    at += HEADER_BYTES
    const held =
      kind === KINDS.bytes
        ? records.subarray(at, at + Number(length))
        : Buffer.alloc(kind === KINDS.zeros ? Number(length) : 0)
    at += kind === KINDS.bytes ? Number(length) : 0
    // The program was killed before it completed the record and made the change.
    if (at > records.length) break
    changes.push({ size: Number(size), offset: Number(offset), held })
  }
  return changes
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Removes all or some unsynced changes from a file. */
function cut(
  path: string,
  changes: readonly Change[],
  { disk, unsynced, random }: Omit<LossOptions, 'undo'>,
): Cut | undefined {
  const fd = openSync(path, 'r+')
  try {
    const before = fstatSync(fd).size
    switch (unsynced) {
      case 'lost':
        undo(fd, changes)
        break
      case 'torn':
        tear(fd, changes, random)
        break
      case 'reordered':
        keepBlocks(fd, changes, random)
        break
    }
    const after = fstatSync(fd).size
    const isChanged = after !== before || changes.some(({ held }) => held.length > 0)
    return isChanged ? { path: relative(disk, path), before, after } : undefined
  } finally {
    closeSync(fd)
  }
}

function undo(fd: number, changes: readonly Change[]): void {
  for (const { size, offset, held } of changes.toReversed()) {
    if (held.length > 0) writeSync(fd, held, 0, held.length, offset)
    ftruncateSync(fd, size)
  }
}

/** Keeps a random number of the first changes, and only a random part of the last kept change. */
function tear(fd: number, changes: readonly Change[], random: Random): void {
  const kept = random.integer(changes.length + 1)
  const torn = changes[kept - 1]
  undo(fd, changes.slice(kept))
  if (torn === undefined) return
  const appendedTo = fstatSync(fd).size
  if (torn.held.length > 0) {
    const from = random.integer(torn.held.length + 1)
    writeSync(fd, torn.held, from, torn.held.length - from, torn.offset + from)
  } else if (appendedTo > torn.size) ftruncateSync(fd, torn.size + random.integer(appendedTo - torn.size + 1))
}

/** Disks write blocks in any order, so a power loss may keep any subset of the blocks. */
const BLOCK_BYTES = 4096

/**
 * Keeps the old or the new contents of each block, and the old or the new size. A block that was never written contains
 * zeros.
 */
function keepBlocks(fd: number, changes: readonly Change[], random: Random): void {
  const written = contentOf(fd)
  undo(fd, changes)
  const durable = contentOf(fd)
  const size = random.chance(0.5) ? written.length : durable.length
  const kept = Buffer.alloc(size)
  durable.copy(kept)
  for (let at = 0; at < Math.min(size, written.length); at += BLOCK_BYTES)
    if (random.chance(0.5)) written.copy(kept, at, at, Math.min(at + BLOCK_BYTES, size))
  ftruncateSync(fd, size)
  writeSync(fd, kept, 0, kept.length, 0)
}

function contentOf(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size)
  readSync(fd, bytes, 0, bytes.length, 0)
  return bytes
}
