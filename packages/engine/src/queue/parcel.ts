import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { usageError } from '@chaosproxy/history'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isBinary } from '@chaosproxy/targets/named'
import * as v from 'valibot'
import { withImported } from '../jobs/imported-files.ts'
import { isService } from '../references/services.ts'
import { sha256Of } from '../sha256.ts'

// Users' files are sent by hash. In jobs, their paths begin with `SENT` and mean the same everywhere.

const SENT = 'sent:/'
const MOST_BYTES = 4_000_000

/** Redis has lost a file, which the coordinator sends again. */
export const LOST_FILE = 'the queue has lost it'

/** A worker's error for a file that is damaged in Redis. */
export const DAMAGED_FILE = 'its copy in the queue differs from what was sent'

/** Thrown for a file that must be sent again before the job is retried. */
export class MissingFile extends Error {}

interface SentFile {
  readonly path: string
  readonly hash: string
}

export interface Parcel {
  readonly files: readonly SentFile[]
  readonly texts: ReadonlyMap<string, string>
  /** Replaces this machine's paths by paths that mean the same on every machine. */
  send<Value>(value: Value): Value
  /** Replaces the paths that `send` inserted by the corresponding paths of this machine. */
  receive<Value>(value: Value): Value
}

export const sha256Text: v.GenericSchema<unknown, string> = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

export const sentFiles: v.GenericSchema<unknown, readonly SentFile[]> = v.array(
  v.strictObject({
    path: v.pipe(v.string(), v.check(isInside, 'leads out of its folder')),
    hash: sha256Text,
  }),
)

/** Whether the path stays within its folder. */
function isInside(path: string): boolean {
  return path !== '' && !/[\\\0]/.test(path) && posix.normalize(path) === path && !/^(\/|\.\.(\/|$)|\.$)/.test(path)
}

/**
 * Packs the user's files with their imports.
 *
 * @throws UserError (usage) for files that cannot be sent: programs, packages, and imports that are only known at run
 * time.
 */
export function pack(references: readonly string[]): Parcel {
  const { files, areAll } = withImported(references)
  const [first = ''] = references
  const named = files.find((file) => file.includes(`${sep}node_modules${sep}`))
  if (named !== undefined)
    throw usageError(
      `--queue: ${first} imports a package (${named}), and only files can be sent to workers. Import only files, or leave out --queue.`,
    )
  if (!areAll)
    throw usageError(`--queue: chaos cannot tell which files ${first} imports. Write each import with a literal path.`)
  const root = commonFolder(files)
  const texts = new Map<string, string>()
  const sent = files.map((file): SentFile => {
    const text = readFileSync(file, 'utf8')
    const hash = sha256Of(text)
    texts.set(hash, text)
    return { path: relative(root, file).split(sep).join('/'), hash }
  })
  const bytes = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > MOST_BYTES)
    throw usageError(
      `--queue: ${first} and its imports have ${bytes} bytes, and at most ${MOST_BYTES} can be sent to workers. Import less.`,
    )
  const names = new Map(references.map((each) => [each, SENT + relative(root, resolve(each)).split(sep).join('/')]))
  const atHome = new Map([...names].map(([each, name]) => [name, each]))
  return {
    files: sent,
    texts,
    send: (value) => renamed(value, (text) => names.get(text) ?? text),
    receive: (value) =>
      renamed(value, (text) => atHome.get(text) ?? (text.includes(SENT) ? text.replaceAll(SENT, `${root}/`) : text)),
  }
}

export interface Store {
  /** Returns a file's text, if the store has it. */
  readonly fetch: (hash: string) => Promise<string | undefined>
}

/** Users' files that came with a job, on the disk of this worker. */
export interface Unpacked {
  readonly paths: ReadonlySet<string>
  receive<Value>(value: Value): Value
  send<Value>(value: Value): Value
}

export const NOTHING: Unpacked = { paths: new Set(), receive: (value) => value, send: (value) => value }

/** Creates a temporary directory for the files that are sent with jobs. The same set of files is written only once. */
export function createUnpacker(store: Store): {
  readonly home: string
  unpack(files: readonly SentFile[]): Promise<Unpacked>
  close(): void
} {
  const home = mkdtempSync(join(tmpdir(), 'chaos-worker-'))
  const known = new Map<string, Promise<Unpacked>>()

  async function unpackNew(files: readonly SentFile[], root: string): Promise<Unpacked> {
    for (const { path, hash } of files) {
      const text = await store.fetch(hash)
      if (text === undefined || sha256Of(text) !== hash)
        throw new MissingFile(`${path}: ${text === undefined ? LOST_FILE : DAMAGED_FILE}`)
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return {
      paths: new Set(files.map(({ path }) => join(root, path))),
      receive: (value) =>
        renamed(value, (text) => (text.startsWith(SENT) ? join(root, text.slice(SENT.length)) : text)),
      send: (value) => renamed(value, (text) => text.replaceAll(`${root}/`, SENT)),
    }
  }

  return {
    home,
    unpack(files) {
      const name = sha256Of(JSON.stringify(files))
      const unpacking = known.get(name) ?? unpackNew(files, join(home, name.slice(0, 16)))
      known.set(name, unpacking)
      unpacking.catch(() => known.delete(name))
      return unpacking
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** @throws UserError (usage) if one of the references is a program. Programs cannot be sent to workers. */
export function requireNoProgram(references: readonly string[]): void {
  const program = references.find((reference) => isBinary(reference) || isService(reference))
  if (program !== undefined)
    throw usageError(
      '--queue: your own programs cannot be sent to workers, only protocols, workloads, models and their imports. Leave out --queue.',
    )
}

function commonFolder(files: readonly string[]): string {
  const [first = sep, ...others] = files.map((file) => dirname(file))
  return others.reduce((common, folder) => {
    let at = common
    while (folder !== at && !folder.startsWith(at.endsWith(sep) ? at : at + sep)) at = dirname(at)
    return at
  }, first)
}

/** Renames all strings in a value. If a string begins with the prefix of simulated protocols, the prefix is kept. */
function renamed<Value>(value: Value, rename: (text: string) => string): Value {
  const visit = (each: unknown): unknown => {
    if (typeof each === 'string')
      return each.startsWith(SIMULATED) ? SIMULATED + rename(each.slice(SIMULATED.length)) : rename(each)
    if (Array.isArray(each)) return each.map(visit)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, visit(member)]))
  }
  return visit(value) as Value
}
