import { accessSync, constants, existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { availableParallelism, freemem } from 'node:os'
import { basename, resolve } from 'node:path'
import { type FaultKind, faultDefinitions, insteadText, type Nemesis, nemeses, nodeNames } from '@chaosproxy/faults'
import type { Target } from '@chaosproxy/runner'
import { commandSchema, containerAllowances, findProgram } from '@chaosproxy/targets'
import { wordsOf } from '@chaosproxy/targets/named'
import * as v from 'valibot'
import { namesOf } from '../arguments/names.ts'
import type { Listed } from '../terminal/listing.ts'

/** The result of one check. */
export interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy?: string | undefined
}

export const ticked = ({ what, ok, detail, remedy }: Finding, missing = '✘'): Listed =>
  ok ? [`  ✔ ${what}`, detail] : [`  ${missing} ${what}`, `${detail}${remedy === undefined ? '' : `. ${remedy}`}`]

const LEAST_NODE = [20, 19] as const
const LEAST_FREE_BYTES = 500e6

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
      remedy: 'With one core, give a lower --rate and few --clients.',
    },
    {
      what: 'free memory',
      ok: freemem() >= LEAST_FREE_BYTES,
      detail: `${Math.round(freemem() / 1e6)} MB`,
      remedy: 'Five nodes and a checker take about 500 MB: free some memory, or use --sim.',
    },
    { what: 'loopback', ok: listening, detail: '127.0.0.1', remedy: 'Let this program listen on 127.0.0.1.' },
    {
      what: 'this directory',
      ok: isWritable('.'),
      detail: process.cwd(),
      remedy: 'Runs are stored in ./chaos-results: change to a directory that you can write to, or give --out.',
    },
  ]
}

export async function targetFindings(target: Target): Promise<Finding[]> {
  const missing = (await target.missing?.()) ?? []
  const commands = commandsOf(target.declared)
  const programs = new Set(commands.filter((command) => !isThere(command)).map(({ words: [program] }) => program))
  const scripts = new Set(commands.flatMap(scriptsOf).filter((path) => !existsSync(path)))
  return [
    ...missing.map(({ program, install, found }) => ({
      what: program,
      ok: false,
      detail: found ?? 'not installed',
      remedy: install,
    })),
    ...[...programs].map((program) => ({
      what: program,
      ok: false,
      detail: program.includes('/') ? 'not a program that can be started' : 'not in PATH',
      remedy: 'Install it, or give its path in the command.',
    })),
    ...[...scripts].map((path) => ({
      what: basename(path),
      ok: false,
      detail: `${path} does not exist`,
      remedy:
        'A command starts in the directory in which chaos runs, unless "directory" names another. Correct the path, or give "directory".',
    })),
  ]
}

/**
 * Findings on faults. `named`: the faults with names. `unnamed`: the kinds of faults without a name, which only
 * schedules inject.
 */
interface FaultFindings {
  readonly named: readonly Finding[]
  readonly unnamed: readonly Finding[]
}

/** Returns the faults that a target supports, and replacements for those that it does not support. */
export function faultFindings(target: Target): FaultFindings {
  const offered = target.offers?.().flatMap((offer) => namesOf(offer.nemeses))
  return described(({ kind, name, summary, among }) => {
    const support = target.supports(kind, among)
    if (support !== true)
      return { what: name, ok: false, detail: support.not, remedy: `Instead: ${insteadText(support)}` }
    const refusal = among === undefined || offered?.includes(name) !== false ? undefined : target.refusal?.(name)
    return { what: name, ok: refusal === undefined, detail: refusal ?? summary }
  })
}

export const allFaults = (): FaultFindings =>
  described(({ name, summary }) => ({ what: name, ok: true, detail: summary }))

interface DescribedFault {
  readonly kind: FaultKind
  readonly name: string
  readonly summary: string
  readonly among?: Nemesis['among'] | undefined
}

const described = (finding: (fault: DescribedFault) => Finding): FaultFindings => ({
  named: nemeses.map(finding),
  unnamed: faultDefinitions
    .filter(({ kind }) => nemeses.every((nemesis) => nemesis.kind !== kind))
    .map(({ kind, summary }) => finding({ kind, name: kind, summary })),
})

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

interface DeclaredCommand {
  readonly words: readonly [program: string, ...rest: string[]]
  readonly directory: string
  /** Whether an earlier command may create the program that this command runs. */
  readonly isPrepared: boolean
}

export const startsCommands = ({ declared }: Target): boolean => commandsOf(declared).length > 0

function commandsOf(declared: Target['declared']): DeclaredCommand[] {
  const cluster = v.safeParse(withCommands, declared)
  if (!cluster.success) return []
  const { nodes = [], ...all } = cluster.output
  return [all, ...(Array.isArray(nodes) ? nodes : [])].flatMap(({ command, ...own }) => {
    if (command === undefined) return []
    const { directory = '.', prepare } = { ...all, ...own }
    return [{ words: wordsOf(command, 'command'), directory, isPrepared: prepare !== undefined }]
  })
}

const withCommand = {
  command: v.optional(commandSchema),
  directory: v.optional(v.string()),
  prepare: v.optional(v.unknown()),
}
const withCommands = v.object({
  ...withCommand,
  nodes: v.optional(v.union([v.number(), v.array(v.object(withCommand))])),
})

const SCRIPT = /^[^-{}][^{}]*\.(?:[cm]?[jt]sx?|py|rb|sh|pl|php)$/

/** The script that an interpreter runs: `server.js` in `node server.js`. */
function scriptsOf({ words: [, first], directory, isPrepared }: DeclaredCommand): string[] {
  return first !== undefined && SCRIPT.test(first) && !isPrepared ? [resolve(directory, first)] : []
}

function isThere({ words: [program], directory, isPrepared }: DeclaredCommand): boolean {
  if (program.includes('{')) return true
  if (!program.includes('/')) return findProgram(program) !== undefined
  return isPrepared || findProgram(resolve(directory, program)) !== undefined
}

const PATIENCE_MS = 2_000
const ADDRESS = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/

const withAddresses = v.object({
  nodes: v.array(v.object({ addresses: v.record(v.string(), v.string()) })),
})

export async function addressFindings(declared: Target['declared']): Promise<Finding[]> {
  const cluster = v.safeParse(withAddresses, declared)
  if (!cluster.success) return []
  const { nodes } = cluster.output
  const names = nodeNames(nodes.length)
  const findings = nodes.flatMap(({ addresses }, i) =>
    Object.entries(addresses).map(async ([port, address]): Promise<Finding> => {
      const why = await whyUnreached(address)
      const what = port === 'client' ? (names[i] ?? '') : `${names[i]} ${port}`
      const detail = why === undefined ? `${address} answers` : `${address} does not answer: ${why}`
      return { what, ok: why === undefined, detail, remedy: 'Start the server, or correct its address.' }
    }),
  )
  return Promise.all(findings)
}

function whyUnreached(address: string): Promise<string | undefined> {
  const { host, port } = ADDRESS.exec(address)?.groups ?? {}
  if (host === undefined || port === undefined) return Promise.resolve('no host:port')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) })
    const end = (why: string | undefined): void => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(PATIENCE_MS, () => end(`no connection in ${PATIENCE_MS / 1000} s`))
    socket.on('connect', () => end(undefined))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}

/** A finding about container engines. It matters only for targets that run in containers. */
export interface ContainerFinding extends Finding {
  readonly isNeeded: boolean
}

/** The capabilities of this machine's container engines; empty if there is no engine. */
export const containerFindings = (): readonly ContainerFinding[] =>
  containerAllowances().map(({ allowed, ...rest }) => ({ ok: allowed, ...rest }))

export const isOfContainers = (declared: Target['declared']): boolean =>
  typeof declared === 'object' && declared !== null && ('compose' in declared || 'containers' in declared)
