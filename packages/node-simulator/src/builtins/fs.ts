import fs from 'node:fs'
import { runningLife } from '../world/life.ts'
import type { FileCalls, Path } from './file-calls.ts'
import { fileHandle } from './file-handle.ts'
import { type FileStreams, streamsOver } from './file-streams.ts'
import { refusedModule } from './refused.ts'
import { acting, type Done } from './thread-pool.ts'

type Work = (...args: never[]) => unknown

const TRANSFERS: ReadonlySet<string> = new Set(['read', 'write'])

/** These functions of `node:fs` pass their arguments unchanged to the method of the same name in `FileCalls`. */
const ALIKE = [
  'access',
  'appendFile',
  'close',
  'copyFile',
  'fstat',
  'fsync',
  'ftruncate',
  'mkdir',
  'mkdtemp',
  'open',
  'read',
  'readFile',
  'readdir',
  'realpath',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'truncate',
  'unlink',
  'writeFile',
] as const satisfies readonly (keyof FileCalls)[]

/** Returns the functions of `node:fs`, by name. */
const worksOf = (calls: () => FileCalls): { readonly [name: string]: Work } => ({
  ...Object.fromEntries(
    ALIKE.map((name) => [name, (...args: never[]): unknown => Reflect.apply(calls()[name], calls(), args)]),
  ),
  chmod() {},
  chown() {},
  fdatasync: (descriptor: number) => calls().fsync(descriptor),
  lstat: (path: Path) => calls().stat(path),
  utimes() {},
  write: (descriptor: number, data: string, ...rest: unknown[]) => writeOf(calls(), descriptor, data, rest),
})

/** Performs `write(fd, buffer, offset, length, position)` or `write(fd, text, position, encoding)`. */
function writeOf(calls: FileCalls, descriptor: number, data: string | NodeJS.ArrayBufferView, rest: unknown[]): number {
  if (typeof data === 'string') return calls.write(descriptor, data, (rest[0] as number | null | undefined) ?? null)
  const [offset = 0, length = data.byteLength - Number(offset), at = null] = rest as (number | null | undefined)[]
  const part = new Uint8Array(data.buffer, data.byteOffset + Number(offset), Number(length))
  return calls.write(descriptor, part, at)
}

const promised =
  (work: Work) =>
  (...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const run = (): unknown => Reflect.apply(work, undefined, args)
      acting(runningLife(), run, (error, result) => (error === null ? resolve(result) : reject(error)))
    })

/** `node:fs` over the disk of a node. */
export function fsModule(calls: () => FileCalls): { readonly [name: string]: unknown; readonly promises: object } {
  const works = worksOf(calls)
  const refused = refusedModule(
    'fs',
    { ...fs },
    'is not implemented yet',
    'Use readFile, writeFile, open, read, write, fsync or watch.',
  )
  const withCallback =
    (name: string, work: Work) =>
    (...args: unknown[]): void => {
      const done = args.pop()
      if (typeof done !== 'function') throw new TypeError(`fs.${name}: the "cb" argument must be of type function.`)
      const run = (): unknown => Reflect.apply(work, undefined, args)
      // The callbacks of `read` and `write` also get the buffer or string.
      acting(runningLife(), run, TRANSFERS.has(name) ? (error, bytes) => done(error, bytes, args[1]) : (done as Done))
    }
  const named = Object.entries(works)
  const withCallbacks = Object.fromEntries(named.map(([name, work]) => [name, withCallback(name, work)]))
  const streams = streamsOver(withCallbacks)
  // fs-extra warns if `realpath.native` is missing.
  for (const realpath of [works['realpath'], withCallbacks['realpath']])
    if (realpath !== undefined) Object.assign(realpath, { native: realpath })
  return {
    ...refused,
    ...withCallbacks,
    ...streams,
    ...Object.fromEntries(named.map(([name, work]) => [`${name}Sync`, work])),
    existsSync: (path: Path) => calls().exists(path),
    exists: (path: Path, done: (exists: boolean) => void) =>
      acting(
        runningLife(),
        () => calls().exists(path),
        (_, found) => done(found === true),
      ),
    watch: (path: Path, options?: unknown, listener?: () => void) => calls().watch(path, options, listener),
    constants: fs.constants,
    promises: promisesOf(works, streams),
  }
}

function promisesOf(works: { readonly [name: string]: Work }, streams: FileStreams): object {
  const refused = refusedModule(
    'fs.promises',
    { ...fs.promises },
    'is not implemented yet',
    'Use readFile or writeFile.',
  )
  const all = Object.fromEntries(Object.entries(works).map(([name, work]) => [name, promised(work)]))
  const call = (name: string, ...args: unknown[]): Promise<unknown> =>
    (all[name] as (...args: unknown[]) => Promise<unknown>)(...args)
  return {
    ...refused,
    ...all,
    constants: fs.constants,
    open: async (path: Path, flags?: string) => fileHandle(Number(await call('open', path, flags)), call, streams),
  }
}
