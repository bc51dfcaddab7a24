import { existsSync } from 'node:fs'
import { inputError, UserError, usageError } from '@chaosproxy/history'
import type { Vetted } from './vet-on-thread.ts'

// A busy machine may take seconds to start the thread.
const LONGEST_MS = 20_000
const LARGEST_MB = 512
const OUTSIDE = 'look for a loop, or an await, outside its functions'

interface VettingOptions {
  readonly argv?: readonly string[]
  readonly hint?: string
}

/**
 * Loads a user's file on a thread, and reports its problems. On a thread, an endless loop, a `process.exit` or an await
 * that never settles does no harm. `entry` is the thread's script.
 *
 * @throws UserError as loading does, and (input) if the loading never ends, or ends the thread.
 */
export async function vetFile(
  path: string,
  entry: string | URL,
  { argv = [], hint = OUTSIDE }: VettingOptions = {},
): Promise<void> {
  if (!existsSync(path)) throw usageError(`${path}: there is no such file. Check the path.`)
  const wrong = await verdictOn(path, entry, { argv, hint })
  if (wrong !== undefined) throw wrong
}

async function verdictOn(
  path: string,
  entry: string | URL,
  { argv, hint }: Required<VettingOptions>,
): Promise<UserError | undefined> {
  const bad = (what: string): UserError => inputError(`${path} ${what}`)
  const { Worker } = await import('node:worker_threads')
  return new Promise((resolve) => {
    // The thread's output is hidden, because loading the file later prints it again.
    const thread = new Worker(entry, {
      workerData: path,
      argv: [...argv],
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: LARGEST_MB },
    })
    const late = setTimeout(
      () => end(bad(`has not finished loading after ${LONGEST_MS / 1000} s: ${hint}.`)),
      LONGEST_MS,
    )
    const end = (error: UserError | undefined) => {
      clearTimeout(late)
      resolve(error)
      void thread.terminate()
    }
    thread.on('message', (vetted: Vetted) => {
      if (vetted.type === 'good') end(undefined)
      else if (vetted.type === 'bad') end(new UserError(vetted.code, vetted.message))
      else
        end(
          bad(`calls process.exit(${vetted.exitCode}) while it is loaded: it would end chaos itself. Leave that out.`),
        )
    })
    thread.on('error', (error: NodeJS.ErrnoException) =>
      end(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? bad(`takes more than ${LARGEST_MB} MB of memory while it is loaded.`)
          : bad(`does not run: ${error.message}`),
      ),
    )
    thread.on('exit', () => end(bad('awaits something at its top level that never settles.')))
  })
}
