import { execFile, spawnSync } from 'node:child_process'
import { environmentError } from '@chaosproxy/history'
import { findProgram } from '../command/programs.ts'

const PROGRAMS = ['docker', 'podman'] as const
export type EngineProgram = (typeof PROGRAMS)[number]

export type Family = 4 | 6

interface NetworkAddress {
  readonly name: string
  readonly address: string
  readonly family: Family
}

export interface Container {
  readonly id: string
  readonly name: string
  /** The Compose service, or the container's name if it belongs to no project. */
  readonly service: string
  /** The container's number within the service, from 1. */
  readonly number: number
  readonly image: string
  readonly command: readonly string[]
  readonly environment: { readonly [name: string]: string }
  /** The health check's command; empty if the container has none. */
  readonly healthCheck: readonly string[]
  readonly labels: { readonly [name: string]: string }
  readonly running: boolean
  /** The container's first process, by its PID in the engine's PID namespace; 0 while the container is down. */
  readonly pid: number
  readonly networkMode: string
  /** The container's addresses, IPv4 addresses first. */
  readonly networks: readonly NetworkAddress[]
  /** Ports that are reachable from outside the engine. */
  readonly published: readonly number[]
  readonly hostPorts: readonly { readonly port: number; readonly hostPort: number }[]
  /** TCP ports that the image or the Compose file names. */
  readonly exposed: readonly number[]
  readonly exitCode: number
  /** When the engine last started the container, in milliseconds since 1970. */
  readonly startedAtMs: number | undefined
  /**
   * If the container is down, the latest time at which the engine may restart it, in milliseconds since 1970. Undefined
   * if it runs or no restart is expected.
   */
  readonly backUntilMs: number | undefined
}

const LONGEST_MS = 20_000
const OPTIONS = { timeout: LONGEST_MS, maxBuffer: 64 * 1024 * 1024 } as const

/**
 * Resolves with the output of the engine's program.
 *
 * @param isAnswer returns whether the output is an answer even though the program has failed; by default it is not.
 *
 * @throws UserError (environment) with the error that the program prints.
 */
export function askEngine(
  program: EngineProgram,
  args: readonly string[],
  isAnswer: (stdout: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], OPTIONS, (error, stdout, stderr) => {
      if (error === null || isAnswer(stdout)) resolve(stdout)
      else reject(environmentError(`${program} ${args[0]}: ${(stderr.trim() || error.message).split('\n').at(-1)}`))
    })
  })
}

/**
 * Inspects these containers. Removed containers are omitted.
 *
 * @throws UserError (environment)
 */
export async function containersOf(program: EngineProgram, ids: readonly string[]): Promise<readonly Container[]> {
  return containersIn(await askEngine(program, [...INSPECT, ...ids], isListing))
}

/** A container may be removed between listing and inspection; the engine still prints the others. */
const isListing = (stdout: string): boolean => stdout.trimStart().startsWith('[')

export interface EngineListing {
  readonly program: EngineProgram
  readonly containers: readonly Container[]
  /** Why the engine does not answer: `Cannot connect to the Docker daemon`. */
  readonly problem: string | undefined
}

export const listEngines = (): readonly EngineListing[] =>
  PROGRAMS.filter((program) => findProgram(program) !== undefined).map((program) => {
    const listed = spawnSync(program, LIST, { encoding: 'utf8', timeout: LONGEST_MS })
    if (listed.status !== 0) return { program, containers: [], problem: problemOf(listed) }
    const ids = listed.stdout.split('\n').filter((line) => line !== '')
    if (ids.length === 0) return { program, containers: [], problem: undefined }
    const seen = spawnSync(program, [...INSPECT, ...ids], { encoding: 'utf8', ...OPTIONS })
    const isListed = isListing(seen.stdout)
    return {
      program,
      containers: isListed ? containersIn(seen.stdout) : [],
      problem: isListed ? undefined : problemOf(seen),
    }
  })

const LIST = ['ps', '--all', '--quiet', '--no-trunc']
const INSPECT = ['inspect', '--type', 'container']

const problemOf = ({ stderr, error }: { readonly stderr: string; readonly error?: Error }): string =>
  stderr?.trim().split('\n').at(-1) || error?.message || 'it does not answer'

interface Inspected {
  readonly Id: string
  readonly Name: string
  readonly State: {
    readonly Running: boolean
    readonly Pid: number
    readonly ExitCode: number
    readonly StartedAt?: string
    readonly FinishedAt?: string
    /**
     * Whether the engine will restart the container after a pause. During the pause, Docker also reports the container
     * as running.
     */
    readonly Restarting?: boolean
  }
  readonly Config: {
    readonly Image: string
    readonly Labels?: { readonly [name: string]: string } | null
    readonly Env?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    /** Some versions of podman print a text instead of a list. */
    readonly Entrypoint?: readonly string[] | string | null
    readonly ExposedPorts?: { readonly [port: string]: unknown } | null
    readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null
  }
  readonly HostConfig: { readonly NetworkMode: string; readonly RestartPolicy?: { readonly Name?: string } | null }
  readonly NetworkSettings: {
    readonly Networks?: {
      readonly [name: string]: { readonly IPAddress: string; readonly GlobalIPv6Address?: string }
    } | null
    readonly Ports?: { readonly [port: string]: readonly { readonly HostPort?: string }[] | null } | null
  }
}

export const containersIn = (json: string): readonly Container[] => (JSON.parse(json) as Inspected[]).map(containerOf)

function containerOf({ Id, Name, State, Config, HostConfig, NetworkSettings }: Inspected): Container {
  const labels = Config.Labels ?? {}
  const name = Name.replace(/^\//, '')
  const networks = Object.entries(NetworkSettings.Networks ?? {})
  const ports = Object.entries(NetworkSettings.Ports ?? {})
  return {
    id: Id,
    name,
    service: labels['com.docker.compose.service'] ?? name,
    number: Number(labels['com.docker.compose.container-number'] ?? 1),
    image: Config.Image,
    command: [...wordsIn(Config.Entrypoint), ...(Config.Cmd ?? [])],
    environment: Object.fromEntries((Config.Env ?? []).map(variable)),
    healthCheck: (Config.Healthcheck?.Test ?? []).filter((word) => word !== 'NONE'),
    labels,
    running: State.Running && State.Restarting !== true,
    pid: State.Pid,
    networkMode: HostConfig.NetworkMode,
    networks: [
      ...networks.flatMap(([network, { IPAddress }]) => addressIn(network, IPAddress, 4)),
      ...networks.flatMap(([network, { GlobalIPv6Address = '' }]) => addressIn(network, GlobalIPv6Address, 6)),
    ],
    published: ports.flatMap(([port, bound]) => (bound === null || !port.endsWith('/tcp') ? [] : [parseInt(port, 10)])),
    hostPorts: ports.flatMap(([port, bound]) =>
      [...new Set((bound ?? []).map(({ HostPort }) => Number(HostPort ?? 0)))]
        .filter((hostPort) => hostPort > 0 && port.endsWith('/tcp'))
        .map((hostPort) => ({ port: parseInt(port, 10), hostPort })),
    ),
    exposed: [...new Set([...ports.map(([port]) => port), ...Object.keys(Config.ExposedPorts ?? {})])]
      .filter((port) => port.endsWith('/tcp'))
      .map((port) => parseInt(port, 10)),
    exitCode: State.ExitCode,
    startedAtMs: timeOf(State.StartedAt),
    backUntilMs: backUntil(State, HostConfig.RestartPolicy?.Name),
  }
}

const addressIn = (name: string, address: string, family: Family): readonly NetworkAddress[] =>
  address === '' ? [] : [{ name, address, family }]

/** Engines print the year 1 if there is no time. */
function timeOf(text = ''): number | undefined {
  const time = Date.parse(text)
  return time > 0 ? time : undefined
}

/** The maximum pause before a restart. Docker doubles the pause each time. */
const LONGEST_PAUSE_MS = 60_000
/**
 * The time within which an engine restarts an ended container. Whether the engine restarts the container at all depends
 * on why the container ended. The engine does not report this reason.
 */
const STARTED_AGAIN_WITHIN_MS = 5_000

function backUntil(
  { Running, Restarting, FinishedAt, ExitCode }: Inspected['State'],
  policy: string | undefined,
): number | undefined {
  const endedAtMs = timeOf(FinishedAt)
  if (endedAtMs === undefined) return undefined
  if (Restarting === true) return endedAtMs + LONGEST_PAUSE_MS
  const isStarted = policy === 'always' || policy === 'unless-stopped' || (policy === 'on-failure' && ExitCode !== 0)
  return isStarted && !Running ? endedAtMs + STARTED_AGAIN_WITHIN_MS : undefined
}

const wordsIn = (words: readonly string[] | string | null | undefined): readonly string[] =>
  typeof words === 'string' ? words.split(' ').filter((word) => word !== '') : (words ?? [])

function variable(text: string): readonly [name: string, value: string] {
  const [name = '', ...value] = text.split('=')
  return [name, value.join('=')]
}
