import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { main } from '../../cli/src/main.ts'

export const root: string = join(import.meta.dirname, '..', '..', '..')
export const bin: string = join(root, 'packages', 'cli', 'bin', 'chaos.js')

/** Clients time out (400 ms) before a cut ends (500 ms). */
export const BRIEF_COMPARISON = ['--seeds', '1', '--time', '1s', '--timeout', '400ms'] as const

export interface Finished {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

/** Starts the real command as a child process, which ends with the test at the latest. */
export const startChaos = (args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running =>
  startProcess(process.execPath, [bin, ...args], options)

export function startProcess(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    // GITHUB_ACTIONS is empty, because the additional output on GitHub has its own tests.
    env: { ...process.env, NO_COLOR: '1', GITHUB_ACTIONS: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    // A child process whose program is not installed never emits `close`.
    child.on('error', reject)
  })
  return { child, finished }
}

export const chaos = (args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
  startChaos(args, options).finished

/** Runs the command within this process, which is far faster. The command must start no process, and must end soon. */
export async function chaosHere(args: readonly string[], options: { cwd?: string } = {}): Promise<Finished> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += chunk
      return true
    }),
  )
  // yargs prints its help with `console.log`, which Vitest would intercept.
  const console = vi.spyOn(globalThis.console, 'log').mockImplementation((text) => {
    said.stdout += `${text}\n`
  })
  const before = process.exitCode
  const directory = process.cwd()
  try {
    if (options.cwd !== undefined) process.chdir(options.cwd)
    await main(args)
    return { exitCode: Number(process.exitCode), ...said }
  } finally {
    process.exitCode = before
    process.chdir(directory)
    for (const spy of [...spies, console]) spy.mockRestore()
  }
}

/** Creates a directory for one test, and removes it after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
