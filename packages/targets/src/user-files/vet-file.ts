import { existsSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { inputError, UserError, usageError } from '@chaosproxy/history'
import type { Bad, Vetted } from './vet-on-thread.ts'

// A busy machine may take seconds to start the thread.
const LONGEST_MS = 20_000
const LARGEST_MB = 512
const OUTSIDE = 'look for a loop, or an await, outside its functions'

interface VettingOptions {
  readonly argv?: readonly string[]
  readonly hint?: string | undefined
}

/**
 * Loads a user's file on a thread, and reports its problems. On a thread, an endless loop, a `process.exit` or an await
 * that never settles does no harm. `entry` is the thread's script.
 *
 * @throws UserError as loading does, and (input) if loading the file never ends, or ends the thread.
 */
export async function vetFile(
  path: string,
  entry: string | URL,
  { argv = [], hint }: VettingOptions = {},
): Promise<void> {
  if (!existsSync(path)) throw usageError(`${path}: there is no such file. Check the path.`)
  const bad = (what: string): UserError => inputError(`${path} ${what}`)
  const { Worker } = await import('node:worker_threads')
  // The thread's output is hidden, because the file is loaded again later, and then prints the same.
  const thread = new Worker(entry, {
    workerData: path,
    argv: [...argv],
    stdout: true,
    stderr: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: LARGEST_MB },
  })
  try {
    const vetted = await firstMessage<Exclude<Vetted, Bad>>(thread, bad, {
      withinMs: LONGEST_MS,
      hint,
      largestMb: LARGEST_MB,
    })
    if (vetted.type === 'exited')
      throw bad(`calls process.exit(${vetted.exitCode}) while it is loaded: it would end chaos itself. Leave that out.`)
  } finally {
    void thread.terminate()
  }
}

interface LoadingOptions {
  readonly withinMs: number
  readonly hint?: string | undefined
  /** The limit of the thread's memory, if it has one. */
  readonly largestMb?: number | undefined
}

/**
 * Resolves with the first message of a thread that loads a user's file. `bad` returns the error for a problem.
 *
 * @throws UserError if the file does not load.
 */
export async function firstMessage<Message extends { readonly type: string }>(
  thread: Worker,
  bad: (what: string) => UserError,
  { withinMs, hint = OUTSIDE, largestMb }: LoadingOptions,
): Promise<Message> {
  let late: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      late = setTimeout(() => reject(bad(`has not finished loading after ${withinMs / 1000} s: ${hint}.`)), withinMs)
      thread.once('message', (message: Message | Bad) =>
        isBad(message) ? reject(new UserError(message.code, message.message)) : resolve(message),
      )
      thread.once('error', ({ code, message }: NodeJS.ErrnoException) =>
        reject(
          code === 'ERR_WORKER_OUT_OF_MEMORY' && largestMb !== undefined
            ? bad(`takes more than ${largestMb} MB of memory while it is loaded.`)
            : bad(`does not run: ${message}`),
        ),
      )
      thread.once('exit', () => reject(bad('awaits something at its top level that never settles.')))
    })
  } finally {
    clearTimeout(late)
  }
}

const isBad = (message: { readonly type: string }): message is Bad => message.type === 'bad'
