import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentError } from '@chaosproxy/history'
import { SilentProgramError } from '@chaosproxy/protocols'
import { startWithThisThread } from '../../keeper/this-thread.ts'

// A `LineProcess` replies to lines. The thread blocks until each reply, because nothing else may happen in virtual
// time. Stdin and stdout are named pipes, because Node can read the pipes of its child processes only from the event
// loop.

const ANSWER_SECONDS = 10
const MOST_STDERR_BYTES = 400
const CHUNK_BYTES = 2 ** 16
/** The machine's clock, saved early, because a search hides the clock from protocols while they run. */
const { bigint: machineNanos } = process.hrtime

const SHORTEST_NAP_MS = 0.02
const LONGEST_NAP_MS = 2

export class LineProcess {
  readonly #child: ChildProcess
  readonly #forget: () => void
  readonly #requests: number
  readonly #answers: number
  readonly #stderr: number
  readonly #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  #unread = ''
  #over = false

  /**
   * Starts the process. @throws UserError (environment) if pipes cannot be created. A program that does not start fails
   * at its first reply.
   */
  constructor([program = '', ...args]: readonly string[]) {
    const directory = mkdtempSync(join(tmpdir(), 'chaos-binary-'))
    const [input, output] = [join(directory, 'in'), join(directory, 'out')]
    if (spawnSync('mkfifo', [input, output]).status !== 0) {
      rmSync(directory, { recursive: true, force: true })
      throw environmentError(`cannot make named pipes in ${directory}. Check that mkfifo is installed.`)
    }
    const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants
    // Opening one end of a pipe blocks until the other is open. These descriptors open both.
    const both = [openSync(input, O_RDWR), openSync(output, O_RDWR)]
    const [childIn, childOut] = [openSync(input, O_RDONLY), openSync(output, O_WRONLY)]
    this.#requests = openSync(input, O_WRONLY)
    this.#answers = openSync(output, O_RDONLY | O_NONBLOCK)
    this.#stderr = openSync(join(directory, 'stderr'), 'w+')
    const stdio = [childIn, childOut, this.#stderr]
    const start = startWithThisThread((marked) => spawn(program, args, { stdio, env: { ...process.env, ...marked } }), {
      forks: true,
    })
    this.#child = start.child
    this.#forget = start.forget
    this.#child.on('error', () => {})
    this.#child.unref()
    for (const fd of [...both, childIn, childOut]) closeSync(fd)
    // Both processes have opened the files by now, so their names can be removed.
    rmSync(directory, { recursive: true, force: true })
  }

  /**
   * Writes a line, and waits for the reply.
   *
   * @throws Error if the process ends or does not reply.
   */
  ask(line: string): string {
    // If the process has ended, this writes nothing, and the loop below still reads the earlier output of the process.
    writeUnlessEnded(this.#requests, `${line}\n`)
    const until = machineNanos() + BigInt(ANSWER_SECONDS * 1e9)
    let napMs = SHORTEST_NAP_MS
    for (;;) {
      const at = this.#unread.indexOf('\n')
      if (at >= 0) {
        const answer = this.#unread.slice(0, at)
        this.#unread = this.#unread.slice(at + 1)
        return answer
      }
      const bytes = readNow(this.#answers, this.#chunk)
      if (bytes === 0) throw new Error(this.#trouble('ended'))
      if (bytes !== undefined) {
        this.#unread += this.#chunk.toString('utf8', 0, bytes)
        continue
      }
      if (machineNanos() > until)
        throw new SilentProgramError(this.#trouble(`wrote no line within ${ANSWER_SECONDS} s`))
      Atomics.wait(sleeper, 0, 0, napMs)
      napMs = Math.min(LONGEST_NAP_MS, napMs * 1.3)
    }
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#child.pid !== undefined) this.#child.kill('SIGKILL')
    this.#forget()
    closeSync(this.#requests)
    closeSync(this.#answers)
    closeSync(this.#stderr)
  }

  #trouble(what: string): string {
    const output = endOf(this.#stderr)
    const started = this.#child.pid !== undefined
    return `the program ${started ? `${what} instead of answering` : 'does not start'}${output === '' ? '' : `. It said: ${output}`}`
  }
}

function endOf(fd: number): string {
  const bytes = Buffer.alloc(MOST_STDERR_BYTES)
  const from = Math.max(0, fstatSync(fd).size - MOST_STDERR_BYTES)
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, MOST_STDERR_BYTES, from)).trim()
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Returns the number of bytes read; 0 at the end, and undefined if there are none yet. */
function readNow(fd: number, into: Buffer): number | undefined {
  try {
    return readSync(fd, into)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}

function writeUnlessEnded(fd: number, text: string): void {
  let left = Buffer.from(text)
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
