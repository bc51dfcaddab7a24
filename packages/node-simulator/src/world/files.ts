import { posix } from 'node:path'
import type { Random } from '@chaosproxy/faults'
import type { Unsynced } from './blows.ts'

/** A file: the content that its program sees, and the content that is known to be on the disk. */
export interface Inode {
  readonly kind: 'file' | 'directory'
  readonly number: number
  data: Buffer
  durable: Buffer
  pending: Write[]
  changedMs: number
}

type Write =
  | { readonly type: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly length: number }

/** A change of names in directories. The journal of the file system makes these changes durable in order. */
interface Naming {
  readonly path: string
  readonly inode: Inode | undefined
}

/** A change that `fs.watch` reports. */
export interface FileChange {
  readonly type: 'change' | 'rename'
  readonly path: string
  /**
   * Has one element. For `change`: the changed file. For `rename`: the file that was at `path` before the change, or
   * undefined.
   */
  readonly inodes: readonly (Inode | undefined)[]
}

export class FileError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string
  readonly path: string | undefined

  constructor(code: ErrorCode, syscall: string, path?: string, to?: string) {
    const [errno, text] = ERRORS[code]
    const where = path === undefined ? '' : ` '${path}'${to === undefined ? '' : ` -> '${to}'`}`
    super(`${code}: ${text}, ${syscall}${where}`)
    this.code = code
    this.errno = errno
    this.syscall = syscall
    this.path = path
  }
}

type ErrorCode = 'ENOENT' | 'EBADF' | 'EEXIST' | 'ENOTDIR' | 'EISDIR' | 'EINVAL' | 'ENOTEMPTY'

const ERRORS: { readonly [code in ErrorCode]: readonly [errno: number, text: string] } = {
  ENOENT: [-2, 'no such file or directory'],
  EBADF: [-9, 'bad file descriptor'],
  EEXIST: [-17, 'file already exists'],
  ENOTDIR: [-20, 'not a directory'],
  EISDIR: [-21, 'illegal operation on a directory'],
  EINVAL: [-22, 'invalid argument'],
  ENOTEMPTY: [-39, 'directory not empty'],
}

/** The disk of a node, which survives the node's programs. */
export class Files {
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #naming: Naming[] = []
  #inodes = 0
  /** The listener set by a program that watches files. */
  listener: ((change: FileChange) => void) | undefined

  constructor(directories: readonly string[]) {
    for (const path of directories) this.#ensure(path)
    this.#commit()
  }

  find(path: string): Inode | undefined {
    return this.#names.get(path)
  }

  requireParent(path: string, syscall: string): void {
    const parent = this.#names.get(posix.dirname(path))
    if (parent === undefined) throw new FileError('ENOENT', syscall, path)
    if (parent.kind !== 'directory') throw new FileError('ENOTDIR', syscall, path)
  }

  make(path: string, kind: Inode['kind'], nowMs: number): Inode {
    this.#inodes++
    const empty = Buffer.alloc(0)
    const inode: Inode = { kind, number: this.#inodes, data: empty, durable: empty, pending: [], changedMs: nowMs }
    this.#name(path, inode)
    return inode
  }

  remove(path: string): void {
    this.#name(path, undefined)
  }

  rename(from: string, to: string): void {
    for (const [path, inode] of [...this.#names]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#name(path, undefined)
      this.#name(to + path.slice(from.length), inode)
    }
  }

  list(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`
    return [...this.#names.keys()]
      .filter((name) => name !== '/' && name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
      .map((name) => name.slice(prefix.length))
      .sort()
  }

  below(path: string): string[] {
    return [...this.#names.keys()].filter((name) => name.startsWith(`${path}/`))
  }

  write(inode: Inode, at: number, bytes: Buffer, nowMs: number): void {
    inode.pending.push({ type: 'write', at, bytes: Buffer.from(bytes) })
    inode.data = written(inode.data, at, bytes)
    this.#changed(inode, nowMs)
  }

  truncate(inode: Inode, length: number, nowMs: number): void {
    inode.pending.push({ type: 'truncate', length })
    inode.data = truncated(inode.data, length)
    this.#changed(inode, nowMs)
  }

  /**
   * Makes the data of the file durable. All earlier renames and other changes of file names become durable too, because
   * the file system's journal is written in order.
   */
  sync(inode: Inode): void {
    inode.durable = inode.data
    inode.pending = []
    this.#commit()
  }

  /**
   * Simulates a power loss. Of the data that was not fsynced, nothing survives; or the first writes and a part of the
   * next (`torn`); or any subset of the writes (`reordered`). Names survive in order, as in a journal.
   */
  losePower(random: Random, unsynced: Unsynced): void {
    const names = unsynced === 'lost' ? 0 : random.integer(this.#naming.length + 1)
    for (const { path, inode } of this.#naming.slice(0, names)) applied(this.#durableNames, path, inode)
    this.#naming = []
    this.#names = new Map(this.#durableNames)
    for (const inode of new Set(this.#names.values())) {
      inode.data = survivingWrites(inode.pending, unsynced, random).reduce(redone, inode.durable)
      inode.durable = inode.data
      inode.pending = []
    }
  }

  #changed(inode: Inode, nowMs: number): void {
    inode.changedMs = nowMs
    if (this.listener === undefined) return
    for (const [path, each] of this.#names) if (each === inode) this.listener({ type: 'change', path, inodes: [inode] })
  }

  #name(path: string, inode: Inode | undefined): void {
    const before = this.#names.get(path)
    applied(this.#names, path, inode)
    this.#naming.push({ path, inode })
    this.listener?.({ type: 'rename', path, inodes: [before] })
  }

  #commit(): void {
    for (const { path, inode } of this.#naming.splice(0)) applied(this.#durableNames, path, inode)
  }

  #ensure(path: string): void {
    if (path !== '/' && !this.#names.has(posix.dirname(path))) this.#ensure(posix.dirname(path))
    if (!this.#names.has(path)) this.make(path, 'directory', 0)
  }
}

function applied(names: Map<string, Inode>, path: string, inode: Inode | undefined): void {
  if (inode === undefined) names.delete(path)
  else names.set(path, inode)
}

function survivingWrites(pending: readonly Write[], unsynced: Unsynced, random: Random): readonly Write[] {
  switch (unsynced) {
    case 'lost':
      return []
    case 'reordered':
      return pending.filter(() => random.chance(0.5))
    case 'torn': {
      const count = random.integer(pending.length + 1)
      const next = pending[count]
      const part = next?.type === 'write' ? next.bytes.subarray(0, random.integer(next.bytes.length + 1)) : undefined
      const torn = next?.type === 'write' && part !== undefined && part.length > 0 ? [{ ...next, bytes: part }] : []
      return [...pending.slice(0, count), ...torn]
    }
  }
}

const redone = (data: Buffer, write: Write): Buffer =>
  write.type === 'write' ? written(data, write.at, write.bytes) : truncated(data, write.length)

function written(data: Buffer, at: number, bytes: Buffer): Buffer {
  const changed = Buffer.alloc(Math.max(data.length, at + bytes.length))
  data.copy(changed)
  bytes.copy(changed, at)
  return changed
}

function truncated(data: Buffer, length: number): Buffer {
  const changed = Buffer.alloc(length)
  data.copy(changed, 0, 0, length)
  return changed
}
