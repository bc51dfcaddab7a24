import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, freemem } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { faultDefinitions } from '@chaosproxy/faults'
import type { Target } from '@chaosproxy/runner'

/** The result of one check. */
export interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
  /** How to fix it. */
  readonly remedy?: string | undefined
}

const LEAST_NODE = [20, 19] as const
const LEAST_FREE_BYTES = 500e6

/** Checks whether this machine can run clusters at all. */
export async function machineFindings(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const recent = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  const listening = await canListen()
  return [
    { what: 'Node', ok: recent, detail: process.versions.node, remedy: 'Install Node 20.19 or later.' },
    {
      what: 'cores',
      ok: availableParallelism() >= 2,
      detail: String(availableParallelism()),
      remedy: 'On one core lower --rate, and leave --clients few.',
    },
    {
      what: 'free memory',
      ok: freemem() >= LEAST_FREE_BYTES,
      detail: `${Math.round(freemem() / 1e6)} MB`,
      remedy: 'Five nodes and a checker take about 500 MB: free some, or use --sim.',
    },
    { what: 'loopback', ok: listening, detail: '127.0.0.1', remedy: 'Let this program listen on 127.0.0.1.' },
    {
      what: 'this directory',
      ok: isWritable('.'),
      detail: process.cwd(),
      remedy: 'Runs are kept in ./chaos-results: go where you may write, or give --out.',
    },
  ]
}

/** Checks whether a target has what it needs. */
export async function targetFindings(target: Target): Promise<Finding[]> {
  const missing = (await target.missing?.()) ?? []
  const programs = programsOf(target.declared).filter((program) => !isThere(program))
  return [
    ...missing.map(({ program, install, found }) => ({
      what: program,
      ok: false,
      detail: found ?? 'not installed',
      remedy: install,
    })),
    ...programs.map((program) => ({
      what: program,
      ok: false,
      detail: 'not in PATH',
      remedy: 'Install it, or give its path in the command.',
    })),
  ]
}

/** Which faults a target can suffer and, if it cannot suffer one, what that needs. */
export function faultFindings(target: Target): Finding[] {
  return faultDefinitions.map(({ kind, summary }) => {
    const suffering = target.suffers(kind)
    if (suffering === true) return { what: kind, ok: true, detail: summary }
    return { what: kind, ok: false, detail: suffering.not, remedy: `instead: ${suffering.instead}` }
  })
}

function canListen(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The program of a declared cluster's command; none for a relative path, which starts at the cluster's directory. */
function programsOf(declared: object | undefined): string[] {
  const command: unknown = declared === undefined ? undefined : Reflect.get(declared, 'command')
  const first: unknown = Array.isArray(command) ? command[0] : command
  const program = typeof first === 'string' ? (first.trim().split(/\s/)[0] ?? '') : ''
  return program === '' || (/[\\/]/.test(program) && !isAbsolute(program)) ? [] : [program]
}

function isThere(program: string): boolean {
  const paths = isAbsolute(program)
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program))
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
