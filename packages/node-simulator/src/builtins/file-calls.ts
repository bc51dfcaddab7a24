import { existsSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NotSimulated } from '../refusal.ts'
import { FileError, type Files, type Inode } from '../world/files.ts'
import type { Life } from '../world/life.ts'
import { FileWatches } from './file-watches.ts'

export type Path = string | URL | Buffer
type Data = string | NodeJS.ArrayBufferView
export type Encoding =
  | BufferEncoding
  | null
  | undefined
  | { readonly encoding?: BufferEncoding | null; readonly flag?: string }

interface Opened {
  readonly inode: Inode
  readonly path: string
  readonly appends: boolean
  position: number
}

/** The first descriptor of a file. Lower descriptors belong to the console. */
const FIRST_DESCRIPTOR = 3

const INSTALLED = '/node_modules/'

/** A program's operations on its node's disk. Each takes effect immediately. */
export class FileCalls {
  readonly #life: Life
  readonly #files: Files
  readonly #directory: string
  readonly #opened = new Map<number, Opened>()
  #descriptors = FIRST_DESCRIPTOR
  readonly #watches: FileWatches

  constructor(life: Life, files: Files, directory: string) {
    this.#life = life
    this.#files = files
    this.#directory = directory
    this.#watches = new FileWatches(life, files)
    // From now on, the node's previous program is not notified of changes.
    files.listener = undefined
  }

  pathOf(path: Path): string {
    const text = path instanceof URL ? fileURLToPath(path) : String(path)
    const whole = posix.resolve(this.#directory, text)
    return whole === '/' ? whole : whole.replace(/\/$/, '')
  }

  #now(): number {
    return this.#life.wallMs()
  }

  #require(path: string, syscall: string): Inode {
    const inode = this.#files.find(path)
    if (inode !== undefined) return inode
    if (syscall === 'open' && existsSync(path))
      throw new NotSimulated(
        `reading ${path}`,
        'is a file of this machine, and each node has an empty disk of its own',
        'Import it as a module, or have the program write it when it starts.',
      )
    throw new FileError('ENOENT', syscall, path)
  }

  #file(descriptor: number, syscall: string): Opened {
    const opened = this.#opened.get(descriptor)
    if (opened === undefined) throw new FileError('EBADF', syscall)
    return opened
  }

  open(given: Path, flags: string | number = 'r'): number {
    if (typeof flags === 'number' && flags !== 0)
      throw new NotSimulated('fs.open with numeric flags', 'is not implemented yet', "Give a string such as 'a+'.")
    const mode = typeof flags === 'number' ? 'r' : flags.replace('s', '')
    const path = this.pathOf(given)
    const exists = this.#files.find(path) !== undefined
    if (!exists && mode.startsWith('r')) this.#require(path, 'open')
    if (exists && mode.includes('x')) throw new FileError('EEXIST', 'open', path)
    if (!exists) this.#files.requireParent(path, 'open')
    const inode = this.#files.find(path) ?? this.#files.make(path, 'file', this.#now())
    if (inode.kind === 'directory' && mode !== 'r') throw new FileError('EISDIR', 'open', path)
    if (exists && mode.startsWith('w')) this.#files.truncate(inode, 0, this.#now())
    const descriptor = this.#descriptors++
    this.#opened.set(descriptor, { inode, path, appends: mode.startsWith('a'), position: 0 })
    return descriptor
  }

  close(descriptor: number): void {
    this.#file(descriptor, 'close')
    this.#opened.delete(descriptor)
  }

  read(
    descriptor: number,
    into: Buffer,
    offset = 0,
    length: number = into.byteLength - offset,
    at: number | null = null,
  ): number {
    const opened = this.#file(descriptor, 'read')
    if (opened.inode.kind === 'directory') throw new FileError('EISDIR', 'read')
    const from = at ?? opened.position
    const part = opened.inode.data.subarray(from, from + length)
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(part, offset)
    if (at === null) opened.position += part.length
    return part.length
  }

  write(descriptor: number, data: Data, at: number | null = null): number {
    const bytes = bytesOf(data)
    if (descriptor === 1 || descriptor === 2) {
      for (const line of bytes.toString().replace(/\n$/, '').split('\n')) this.#life.log(line)
      return bytes.length
    }
    const opened = this.#file(descriptor, 'write')
    const place = opened.appends ? opened.inode.data.length : (at ?? opened.position)
    this.#files.write(opened.inode, place, bytes, this.#now())
    if (at === null) opened.position = place + bytes.length
    return bytes.length
  }

  fsync(descriptor: number): void {
    if (descriptor < FIRST_DESCRIPTOR) return
    this.#files.sync(this.#file(descriptor, 'fsync').inode)
    this.#life.world.notice(this.#life.id, 'persists')
  }

  ftruncate(descriptor: number, length = 0): void {
    this.#files.truncate(this.#file(descriptor, 'ftruncate').inode, length, this.#now())
  }

  fstat(descriptor: number): object {
    return statOf(this.#file(descriptor, 'fstat').inode)
  }

  truncate(path: Path, length = 0): void {
    this.#files.truncate(this.#require(this.pathOf(path), 'open'), length, this.#now())
  }

  readFile(given: Path | number, options?: Encoding): Buffer | string {
    const encoding = typeof options === 'string' ? options : options?.encoding
    const decoded = (bytes: Buffer) => (typeof encoding === 'string' ? bytes.toString(encoding) : Buffer.from(bytes))
    const installed = typeof given === 'number' ? undefined : this.#readInstalled(this.pathOf(given))
    if (installed !== undefined) return decoded(installed)
    const inode =
      typeof given === 'number' ? this.#file(given, 'read').inode : this.#require(this.pathOf(given), 'open')
    if (inode.kind === 'directory') throw new FileError('EISDIR', 'read')
    return decoded(inode.data)
  }

  /** Reads a file of a package, or the program's package.json. These files are the same in every run. */
  #readInstalled(path: string): Buffer | undefined {
    if (!path.includes(INSTALLED) && !this.#isManifest(path)) return undefined
    if (this.#files.find(path) !== undefined) return undefined
    return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : undefined
  }

  #isManifest(path: string): boolean {
    const around = posix.dirname(path).replace(/\/?$/, '/')
    return posix.basename(path) === 'package.json' && `${this.#directory}/`.startsWith(around)
  }

  writeFile(given: Path | number, data: Data, options?: Encoding): void {
    const flag = typeof options === 'object' && options !== null ? (options.flag ?? 'w') : 'w'
    const descriptor = typeof given === 'number' ? given : this.open(given, flag)
    this.write(descriptor, data)
    if (descriptor !== given) this.close(descriptor)
  }

  appendFile(given: Path | number, data: Data): void {
    this.writeFile(given, data, { flag: 'a' })
  }

  copyFile(from: Path, to: Path): void {
    this.writeFile(to, this.readFile(from))
  }

  stat(path: Path, options?: { readonly throwIfNoEntry?: boolean }): object | undefined {
    const whole = this.pathOf(path)
    if (options?.throwIfNoEntry === false && this.#files.find(whole) === undefined) return undefined
    return statOf(this.#require(whole, 'stat'))
  }

  access(path: Path): void {
    this.#require(this.pathOf(path), 'access')
  }

  exists(path: Path): boolean {
    return this.#files.find(this.pathOf(path)) !== undefined
  }

  realpath(path: Path): string {
    const whole = this.pathOf(path)
    this.#require(whole, 'realpath')
    return whole
  }

  mkdir(given: Path, options?: number | { readonly recursive?: boolean }): string | undefined {
    const path = this.pathOf(given)
    const recursive = typeof options === 'object' && options?.recursive === true
    const there = this.#files.find(path)
    if (there !== undefined) {
      if (recursive && there.kind === 'directory') return undefined
      throw new FileError('EEXIST', 'mkdir', path)
    }
    const above = recursive && path !== '/' ? this.mkdir(posix.dirname(path), { recursive }) : undefined
    this.#files.requireParent(path, 'mkdir')
    this.#files.make(path, 'directory', this.#now())
    return recursive ? (above ?? path) : undefined
  }

  mkdtemp(prefix: string): string {
    const path = `${prefix}${this.#life.random.next().toString(36).slice(2, 8)}`
    this.mkdir(path)
    return path
  }

  readdir(given: Path, options?: { readonly withFileTypes?: boolean }): unknown[] {
    const path = this.pathOf(given)
    if (this.#require(path, 'scandir').kind !== 'directory') throw new FileError('ENOTDIR', 'scandir', path)
    const names = this.#files.list(path)
    if (options?.withFileTypes !== true) return names
    return names.map((name) => ({
      name,
      parentPath: path,
      path,
      ...kindOf(this.#require(posix.join(path, name), 'stat')),
    }))
  }

  unlink(given: Path): void {
    const path = this.pathOf(given)
    if (this.#require(path, 'unlink').kind === 'directory') throw new FileError('EISDIR', 'unlink', path)
    this.#files.remove(path)
  }

  rmdir(given: Path): void {
    const path = this.pathOf(given)
    if (this.#require(path, 'rmdir').kind !== 'directory') throw new FileError('ENOTDIR', 'rmdir', path)
    if (this.#files.below(path).length > 0) throw new FileError('ENOTEMPTY', 'rmdir', path)
    this.#files.remove(path)
  }

  rm(
    given: Path,
    { recursive = false, force = false }: { readonly recursive?: boolean; readonly force?: boolean } = {},
  ): void {
    const path = this.pathOf(given)
    if (force && this.#files.find(path) === undefined) return
    if (this.#require(path, 'rm').kind === 'directory' && !recursive) throw new FileError('EISDIR', 'rm', path)
    for (const name of [...this.#files.below(path), path]) this.#files.remove(name)
  }

  watch(given: Path, options?: unknown, listener?: () => void): object {
    const path = this.pathOf(given)
    return this.#watches.watch(path, this.#require(path, 'watch'), options, listener)
  }

  rename(given: Path, to: Path): void {
    const [from, whole] = [this.pathOf(given), this.pathOf(to)]
    this.#require(from, 'rename')
    this.#files.requireParent(whole, 'rename')
    if (from !== whole) this.#files.rename(from, whole)
  }
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

const kindOf = (inode: Inode): object => ({
  isFile: () => inode.kind === 'file',
  isDirectory: () => inode.kind === 'directory',
  isSymbolicLink: () => false,
  isSocket: () => false,
  isFIFO: () => false,
  isBlockDevice: () => false,
  isCharacterDevice: () => false,
})

const statOf = (inode: Inode): object => ({
  ...kindOf(inode),
  dev: 1,
  ino: inode.number,
  mode: inode.kind === 'file' ? 0o100644 : 0o40755,
  nlink: 1,
  uid: 1_000,
  gid: 1_000,
  size: inode.data.length,
  blksize: 4_096,
  blocks: Math.ceil(inode.data.length / 512),
  ...Object.fromEntries(['atimeMs', 'mtimeMs', 'ctimeMs', 'birthtimeMs'].map((name) => [name, inode.changedMs])),
  ...Object.fromEntries(['atime', 'mtime', 'ctime', 'birthtime'].map((name) => [name, new Date(inode.changedMs)])),
})
