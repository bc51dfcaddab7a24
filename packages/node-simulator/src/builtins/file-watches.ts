import { EventEmitter } from 'node:events'
import { posix } from 'node:path'
import type { FileChange, Files, Inode } from '../world/files.ts'
import type { Life } from '../world/life.ts'

type Listener = (type: 'change' | 'rename', filename: string) => void

interface Options {
  readonly recursive?: boolean
  readonly signal?: AbortSignal
}

interface Watched {
  readonly path: string
  readonly inode: Inode
  readonly recursive: boolean
}

/** The delay until the kernel reports a change. It is constant, so that reports stay in order. */
const TOLD_AFTER_MS = 0.1

class Watcher extends EventEmitter {
  readonly #stop: (watcher: Watcher) => void

  constructor(stop: (watcher: Watcher) => void) {
    super()
    this.#stop = stop
  }

  close(): void {
    this.#stop(this)
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** The watches of a program on its node's disk. As with inotify, a renamed file is still watched. */
export class FileWatches {
  readonly #life: Life
  readonly #files: Files
  readonly #watched = new Map<Watcher, Watched>()

  constructor(life: Life, files: Files) {
    this.#life = life
    this.#files = files
  }

  watch(path: string, inode: Inode, options: unknown, given?: Listener): EventEmitter {
    const { recursive = false, signal }: Options = typeof options === 'object' && options !== null ? options : {}
    const watcher = new Watcher((each) => this.#close(each))
    this.#watched.set(watcher, { path, inode, recursive })
    this.#files.listener = (change) => this.#changed(change)
    const listener = typeof options === 'function' ? (options as Listener) : given
    if (listener !== undefined) watcher.on('change', listener)
    signal?.addEventListener('abort', () => watcher.close(), { once: true })
    return watcher
  }

  #close(watcher: Watcher): void {
    if (this.#watched.delete(watcher)) this.#life.after(0, () => watcher.emit('close'))
  }

  #changed(change: FileChange): void {
    for (const [watcher, watched] of this.#watched) {
      const filename = nameFor(watched, change)
      if (filename === undefined) continue
      this.#life.after(TOLD_AFTER_MS, () => {
        if (this.#watched.has(watcher)) watcher.emit('change', change.type, filename)
      })
    }
  }
}

function nameFor({ path, inode, recursive }: Watched, { path: changed, inodes }: FileChange): string | undefined {
  if (inodes.includes(inode)) return posix.basename(path)
  if (inode.kind !== 'directory') return undefined
  const name = posix.relative(path, changed)
  if (name === '' || name.startsWith('../')) return undefined
  return recursive || !name.includes('/') ? name : undefined
}
