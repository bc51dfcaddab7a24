import { type ChildProcess, type IOType, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import { environmentError, type UserError } from '@chaosproxy/history'
import type { Keeper } from '../keeper/keeper.ts'
import { commandText, type ProgramCommand } from '../processes/command.ts'
import {
  isTreeAlive,
  killTree,
  MARK,
  membersOf,
  resumeTree,
  signal,
  startTimeOf,
  stopTree,
  type TreeRoot,
} from '../processes/process-tree.ts'
import { findProgram } from './programs.ts'
import { readLines } from './read-lines.ts'
import { userToBecome } from './user.ts'

export interface CommandProcessOptions {
  readonly name: string
  readonly command: ProgramCommand
  readonly logPath: string
  readonly keeper: Keeper
  /**
   * Called with each line of standard output, which is then not logged. With this function, standard input is open for
   * `write`; otherwise it is empty.
   */
  readonly line?: ((text: string) => void) | undefined
  /**
   * If given, the output goes to this process's own output instead of the log. `stderr`: both streams go to standard
   * error.
   */
  readonly prints?: 'stdout' | 'stderr' | undefined
  /** False for a program that starts no others: its pause or kill needs no search through all processes. */
  readonly forks?: boolean | undefined
  /** The milliseconds for which the command may outlive this process; by default none. */
  readonly finishesWithinMs?: number | undefined
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export const howItEnded = ({ code, signal }: Exit): string => signal ?? `exit code ${code}`

/** A command with all its descendants, which are paused, resumed and ended together. */
export interface CommandProcess {
  readonly pid: number
  readonly command: ProgramCommand
  /** Resolves once all processes have ended and every line has been delivered. */
  readonly exited: Promise<Exit>
  running(): boolean
  /** Returns the pids of the remaining processes; empty without /proc. */
  members(): readonly number[]
  write(text: string): void
  /** See `LineReader`. */
  unended(forMs: number): string | undefined
  /** Sends SIGSTOP, and waits until all processes are stopped or have ended. */
  pause(): Promise<void>
  resume(): void
  /** Sends SIGKILL, and waits until all processes have ended. */
  kill(): Promise<void>
  /** Sends SIGTERM, and after the grace period SIGKILL to the remaining processes. */
  end(graceMs: number): Promise<void>
}

/** A command that may outlive this process waits on this file descriptor before it starts. */
const WAITS_FOR = 3

const LOOK_EVERY_MS = 10

/**
 * Starts the command. A running process is not necessarily ready: see `untilReady`.
 *
 * @throws UserError (environment) if the program, the directory or the user does not exist.
 */
export async function startCommand(options: CommandProcessOptions): Promise<CommandProcess> {
  const { name, command, keeper } = options
  const mark = randomUUID()
  keeper.announce(mark)
  const child = spawnChild(options, mark)
  const { pid } = child
  if (pid === undefined) throw await whyNotStarted(child, name, command)
  const root: TreeRoot = { pid, startTime: startTimeOf(pid), mark, forks: options.forks ?? true }
  const { finishesWithinMs: withinMs } = options
  keeper.watch(root, withinMs === undefined ? undefined : { node: name, withinMs })
  begin(child)
  child.stdin?.on('error', () => {})

  let running = true
  let graceMs = 0
  const lines = options.line === undefined || child.stdout === null ? undefined : readLines(child.stdout, options.line)
  const closed = new Promise<void>((done) => child.once('close', () => done()))
  const exited = new Promise<Exit>((done) =>
    child.once('exit', (code, signalName) => done({ code, signal: signalName })),
  ).then(async (exit) => {
    running = false
    await untilGone(root, graceMs)
    keeper.forget(root)
    await closed
    return exit
  })

  return {
    pid,
    command,
    exited,
    running: () => running,
    members: () => membersOf(root),
    write(text) {
      if (child.stdin?.writable) child.stdin.write(`${text}\n`)
    },
    unended: (forMs) => lines?.unended(forMs),
    async pause() {
      if (running) await stopTree(root)
    },
    resume: () => resumeTree(root),
    async kill() {
      graceMs = 0
      if (running) await killTree(root)
      await exited
    },
    async end(givenMs) {
      graceMs = givenMs
      resumeTree(root)
      if (running) signal(-pid, 'SIGTERM')
      const force = setTimeout(() => void killTree(root), givenMs)
      await exited
      clearTimeout(force)
    },
  }
}

async function untilGone(root: TreeRoot, graceMs: number): Promise<void> {
  if (!root.forks) return
  const until = performance.now() + graceMs
  while (performance.now() < until && isTreeAlive(root)) await new Promise((next) => setTimeout(next, LOOK_EVERY_MS))
  await killTree(root)
}

/**
 * A shell that waits for a line before it executes the command. Without the wait, this process could die before it has
 * registered the command with the keeper, and the command could take effect after the keeper has undone it.
 */
const WAITING = ['/bin/sh', '-c', `read -r go <&${WAITS_FOR} && exec "$0" "$@" ${WAITS_FOR}<&-`] as const
const GO = 'go\n'

function begin({ stdio }: ChildProcess): void {
  const gate = stdio[WAITS_FOR]
  if (!(gate instanceof Socket)) return
  gate.on('error', () => {})
  gate.end(GO)
  gate.resume()
}

/**
 * Returns whether the program exists, and so may be started by the shell in `WAITING`. A missing program is started
 * without the shell, because `spawn` then reports the reason more clearly than the shell would.
 */
const canWait = ({ words: [program], directory = '.' }: ProgramCommand): boolean =>
  findProgram(program.includes('/') ? resolve(directory, program) : program) !== undefined

function spawnChild(options: CommandProcessOptions, mark: string): ChildProcess {
  const { name, command, logPath } = options
  const waits = options.finishesWithinMs !== undefined && canWait(command)
  const [program, ...rest] = waits ? [...WAITING, ...command.words] : command.words
  requireDirectory(name, command)
  const user = command.user === undefined ? undefined : userToBecome(command.user)
  const log = openLog(logPath)
  try {
    return spawn(program, rest, {
      // The command is outside the terminal's process group. Ctrl-C must reach only the runner, which heals faults,
      // reads a last time, and then ends the nodes.
      detached: true,
      stdio: waits ? [...stdioOf(options, log), 'pipe'] : stdioOf(options, log),
      cwd: command.directory,
      env: {
        ...process.env,
        ...(user && { HOME: user.home, USER: command.user, LOGNAME: command.user }),
        ...command.environment,
        [MARK]: mark,
      },
      ...(user && { uid: user.uid, gid: user.gid }),
    })
  } finally {
    closeSync(log)
  }
}

function stdioOf({ line, prints }: CommandProcessOptions, log: number): (IOType | number)[] {
  if (line !== undefined) return ['pipe', 'pipe', log]
  if (prints === undefined) return ['ignore', log, log]
  return ['ignore', prints === 'stdout' ? 'inherit' : 2, 'inherit']
}

/**
 * @throws UserError (environment) if the directory is missing. ENOENT does not say whether the directory or the program
 * is missing.
 */
function requireDirectory(name: string, { directory }: ProgramCommand): void {
  if (directory === undefined || statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return
  throw environmentError(`${name} was not started: its working directory ${directory} does not exist`)
}

async function whyNotStarted(child: ChildProcess, name: string, command: ProgramCommand): Promise<UserError> {
  const error = await new Promise<NodeJS.ErrnoException>((failed) => child.once('error', failed))
  const [program] = command.words
  return environmentError(`${name} was not started: ${commandText(command)}: ${reasonOf(error, program)}`)
}

function reasonOf(error: NodeJS.ErrnoException, program: string): string {
  const found = findProgram(program)
  if (error.code === 'ENOENT' && /^\w+=/.test(program))
    return `no shell runs the command, so ${program} sets no variable; write env before it, or set the variable in "environment"`
  if (error.code === 'ENOENT' && found === undefined)
    return program.includes('/')
      ? `there is no program ${program}`
      : `there is no program ${program} in any directory of PATH; install it, or give its path`
  if (error.code === 'ENOENT') return `the interpreter that ${found} names in its first line does not exist`
  if (error.code === 'EACCES')
    return statSync(program, { throwIfNoEntry: false })?.isDirectory()
      ? `${program} is a directory`
      : `${program} may not be executed (chmod +x)`
  return error.message
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw environmentError(`${path} cannot be written (${(error as Error).message})`)
  }
}
