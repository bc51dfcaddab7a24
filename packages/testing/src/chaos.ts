import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { main } from '../../cli/src/main.ts'

export const root: string = join(import.meta.dirname, '..', '..', '..')
export const bin: string = join(root, 'packages', 'cli', 'bin', 'chaos.js')

/** A short comparison in which clients give up before a cut ends, which lasts 500 ms. */
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

/** Starts the real command, as a user would. It is ended with the test that started it, if not before. */
export const startChaos = (args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running =>
  startProcess(process.execPath, [bin, ...args], options)

export function startProcess(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    // What is added on GitHub has tests of its own.
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
    // A program that is not installed never closes.
    child.on('error', reject)
  })
  return { child, finished }
}

export const chaos = (args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
  startChaos(args, options).finished

/** The same within this process, far sooner: for command lines that start no process and last a moment. */
export async function chaosHere(args: readonly string[], options: { cwd?: string } = {}): Promise<Finished> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += chunk
      return true
    }),
  )
  // So yargs prints its help, which vitest would keep for itself.
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

/** A directory of its own for one test, removed when that has finished. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
