import fs from 'node:fs'
import { Readable, Writable } from 'node:stream'
import type { FileCalls, Path } from '../disk/calls.ts'
import { type Life, runningLife } from '../world/life.ts'
import { refusedModule } from './refused.ts'

type Work = (...args: never[]) => unknown
type Done = (error: Error | null, ...results: unknown[]) => void

/** The calls by the names that `node:fs` has for them, of whatever program runs. */
const worksOf = (calls: () => FileCalls): { readonly [name: string]: Work } => ({
  access: (path: Path) => calls().access(path),
  appendFile: (path: Path, data: string) => calls().appendFile(path, data),
  chmod() {},
  chown() {},
  close: (descriptor: number) => calls().close(descriptor),
  copyFile: (from: Path, to: Path) => calls().copyFile(from, to),
  fdatasync: (descriptor: number) => calls().fsync(descriptor),
  fstat: (descriptor: number) => calls().fstat(descriptor),
  fsync: (descriptor: number) => calls().fsync(descriptor),
  ftruncate: (descriptor: number, length?: number) => calls().ftruncate(descriptor, length),
  lstat: (path: Path) => calls().stat(path),
  mkdir: (path: Path, options?: { recursive?: boolean }) => calls().mkdir(path, options),
  mkdtemp: (prefix: string) => calls().mkdtemp(prefix),
  open: (path: Path, flags?: string) => calls().open(path, flags),
  read: (descriptor: number, into: Buffer, ...rest: number[]) => calls().read(descriptor, into, ...rest),
  readFile: (path: Path, options?: BufferEncoding) => calls().readFile(path, options),
  readdir: (path: Path, options?: { withFileTypes?: boolean }) => calls().readdir(path, options),
  realpath: (path: Path) => calls().realpath(path),
  rename: (from: Path, to: Path) => calls().rename(from, to),
  rm: (path: Path, options?: { recursive?: boolean }) => calls().rm(path, options),
  rmdir: (path: Path) => calls().rmdir(path),
  stat: (path: Path, options?: { throwIfNoEntry?: boolean }) => calls().stat(path, options),
  truncate: (path: Path, length?: number) => calls().truncate(path, length),
  unlink: (path: Path) => calls().unlink(path),
  utimes() {},
  write: (descriptor: number, data: string, ...rest: unknown[]) => writeOf(calls(), descriptor, data, rest),
  writeFile: (path: Path, data: string, options?: BufferEncoding) => calls().writeFile(path, data, options),
})

/** `write(fd, buffer, offset, length, position)` and `write(fd, text, position, encoding)`. */
function writeOf(calls: FileCalls, descriptor: number, data: string | NodeJS.ArrayBufferView, rest: unknown[]): number {
  if (typeof data === 'string') return calls.write(descriptor, data, (rest[0] as number | null | undefined) ?? null)
  const [offset = 0, length = data.byteLength - Number(offset), at = null] = rest as (number | null | undefined)[]
  const part = new Uint8Array(data.buffer, data.byteOffset + Number(offset), Number(length))
  return calls.write(descriptor, part, at)
}

/** A job of the thread pool: it happens when it ends, so that two of them may happen in either order. */
function later(life: Life, name: string, work: () => unknown, done: Done): void {
  life.after(life.threadMs(), () => {
    let result: unknown
    try {
      result = work()
    } catch (error) {
      done(error as Error)
      return
    }
    if (name === 'read' || name === 'write') done(null, result, undefined)
    else done(null, result)
  })
}

const promised =
  (name: string, work: Work) =>
  (...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const run = (): unknown => Reflect.apply(work, undefined, args)
      later(runningLife(), name, run, (error, result) => (error === null ? resolve(result) : reject(error)))
    })

/** `node:fs` over the disk of a node. */
export function fsModule(calls: () => FileCalls): { readonly [name: string]: unknown; readonly promises: object } {
  const works = worksOf(calls)
  const refused = refusedModule(
    'fs',
    { ...fs },
    'is not written yet',
    'Use readFile, writeFile, open, read, write or fsync.',
  )
  const withCallback =
    (name: string, work: Work) =>
    (...args: unknown[]): void => {
      const done = args.pop()
      if (typeof done !== 'function') throw new TypeError(`fs.${name}: the "cb" argument must be of type function.`)
      later(runningLife(), name, () => Reflect.apply(work, undefined, args), done as Done)
    }
  const named = Object.entries(works)
  return {
    ...refused,
    ...Object.fromEntries(named.map(([name, work]) => [name, withCallback(name, work)])),
    ...Object.fromEntries(named.map(([name, work]) => [`${name}Sync`, work])),
    existsSync: (path: Path) => calls().exists(path),
    exists: (path: Path, done: (exists: boolean) => void) =>
      later(
        runningLife(),
        'exists',
        () => calls().exists(path),
        (_, found) => done(found === true),
      ),
    createReadStream: (path: Path, options?: { start?: number; end?: number }) => readStream(calls(), path, options),
    createWriteStream: (path: Path, options?: { flags?: string }) => writeStream(calls(), path, options),
    constants: fs.constants,
    promises: promisesOf(works),
  }
}

function promisesOf(works: { readonly [name: string]: Work }): object {
  const refused = refusedModule('fs.promises', { ...fs.promises }, 'is not written yet', 'Use readFile or writeFile.')
  const all = Object.fromEntries(Object.entries(works).map(([name, work]) => [name, promised(name, work)]))
  const call = (name: string, ...args: unknown[]): Promise<unknown> =>
    (all[name] as (...args: unknown[]) => Promise<unknown>)(...args)
  return {
    ...refused,
    ...all,
    constants: fs.constants,
    async open(path: Path, flags?: string) {
      const fd = Number(await call('open', path, flags))
      const close = (): Promise<unknown> => call('close', fd)
      return {
        fd,
        close,
        [Symbol.asyncDispose]: close,
        sync: () => call('fsync', fd),
        datasync: () => call('fsync', fd),
        stat: () => call('fstat', fd),
        truncate: (length?: number) => call('ftruncate', fd, length),
        readFile: (options?: unknown) => call('readFile', fd, options),
        writeFile: (data: unknown) => call('writeFile', fd, data),
        appendFile: (data: unknown) => call('writeFile', fd, data),
        read: async (buffer: Buffer, ...rest: unknown[]) => ({
          bytesRead: await call('read', fd, buffer, ...rest),
          buffer,
        }),
        write: async (buffer: unknown, ...rest: unknown[]) => ({
          bytesWritten: await call('write', fd, buffer, ...rest),
          buffer,
        }),
      }
    },
  }
}

function readStream(calls: FileCalls, path: Path, { start = 0, end }: { start?: number; end?: number } = {}): Readable {
  const life = runningLife()
  let isRead = false
  return new Readable({
    read() {
      if (isRead) return
      isRead = true
      later(
        life,
        'readFile',
        () => calls.readFile(path),
        (error, data) => {
          if (error !== null) this.destroy(error)
          else {
            this.push((data as Buffer).subarray(start, end === undefined ? undefined : end + 1))
            this.push(null)
          }
        },
      )
    },
  })
}

function writeStream(calls: FileCalls, path: Path, { flags = 'w' }: { flags?: string } = {}): Writable {
  const life = runningLife()
  let descriptor: number | undefined
  return new Writable({
    construct(done) {
      later(
        life,
        'open',
        () => calls.open(path, flags),
        (error, opened) => {
          descriptor = opened as number
          done(error)
        },
      )
    },
    write(chunk: Buffer, _encoding, done) {
      later(
        life,
        'write',
        () => calls.write(descriptor ?? -1, chunk),
        (error) => done(error),
      )
    },
    final(done) {
      later(
        life,
        'close',
        () => calls.close(descriptor ?? -1),
        (error) => done(error),
      )
    },
  })
}
