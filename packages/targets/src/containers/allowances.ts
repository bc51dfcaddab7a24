import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { findProgram, type Program } from '../command/programs.ts'
import { type Container, type EngineListing, type EngineProgram, listEngines } from './engine.ts'
import { findLibrary, WITHOUT_LIBRARY } from './own-clocks.ts'
import { composeOf } from './project.ts'
import { bridgePassesRules, hasUnifiedGroups, isRoot, isRootless } from './rights.ts'

/** A capability that tests with containers use, and whether this machine allows it. */
interface Allowance {
  readonly what: string
  readonly allowed: boolean
  readonly detail: string
  readonly remedy?: string | undefined
  readonly isNeeded: boolean
}

const LONGEST_MS = 20_000

/** Returns what this machine allows with containers; empty without an engine. */
export function containerAllowances(): readonly Allowance[] {
  const engines = listEngines()
  if (engines.length === 0) return []
  const some = engines.some(({ problem }) => problem === undefined)
  return [
    ...engines.map((engine) => answers(engine, !some)),
    ...composing(engines),
    rules(),
    bridge(),
    pausing(),
    clocks(),
  ]
}

function answers({ program, problem, containers }: EngineListing, isNeeded: boolean): Allowance {
  if (problem !== undefined)
    return {
      ...{ what: program, allowed: false, detail: problem, isNeeded },
      remedy: 'Start the engine, or run chaos as a user who may use the engine.',
    }
  const where = elsewhere(program, containers)
  if (where !== undefined)
    return {
      ...{ what: program, allowed: false, detail: `it runs containers elsewhere (${where})`, isNeeded: true },
      remedy: 'Their network is on another machine: run chaos there, for example in a container.',
    }
  const running = containers.filter((each) => each.running).length
  const kind = program === 'podman' && isRootless() ? ', rootless' : ''
  return {
    ...{ what: program, allowed: true, isNeeded },
    detail: `${versionOf(program) ?? 'it answers'}${kind}, ${running} of ${containers.length} containers run`,
  }
}

/** Returns why the containers appear to run on another machine, if they do. */
export function elsewhere(program: EngineProgram, containers: readonly Container[]): string | undefined {
  const host = process.env[program === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST']
  if (host !== undefined && !host.startsWith('unix:')) return host
  if (program !== 'docker' || containers.some(isSeen)) return undefined
  const system = say('docker', ['info', '--format', '{{.OperatingSystem}}'])
  return system?.includes('Docker Desktop') === true ? 'Docker Desktop' : undefined
}

/** Returns whether /proc shows the container's process. It may not if chaos itself runs in a container. */
function isSeen({ running, pid, id }: Container): boolean {
  try {
    return running && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)
  } catch {
    return false
  }
}

const versionOf = (program: EngineProgram): string | undefined =>
  say(program, ['version', '--format', '{{.Server.Version}}']) ??
  say(program, ['version', '--format', '{{.Client.Version}}'])

function say(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: LONGEST_MS })
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined
}

function composing(engines: readonly EngineListing[]): readonly Allowance[] {
  const found = engines.filter(({ problem }) => problem === undefined).flatMap(({ program }) => [composeOf(program)])
  const words = found.find((each) => each !== undefined)
  return [
    {
      ...{ what: 'composing', allowed: words !== undefined, isNeeded: false },
      detail: words === undefined ? 'no Compose command is installed' : words.join(' '),
      remedy: 'Install docker compose, docker-compose or podman-compose, or start projects yourself.',
    },
  ]
}

/**
 * Returns whether the kernel accepts rules between containers, and whether it removes them when the process that made
 * them ends. Leaves no rules on the machine.
 */
function rules(): Allowance {
  const what = 'rules between containers'
  const no = (detail: string, remedy: string): Allowance => ({ what, allowed: false, detail, remedy, isNeeded: true })
  if (process.platform !== 'linux')
    return no('chaos can attach to containers only on Linux', 'Declare a cluster that runs already, with "links".')
  if (!isRoot())
    return no(
      'only root may make them',
      'Use root (sudo), or with a rootless podman: podman unshare --rootless-netns npx chaos run …',
    )
  const missing = ATTACHING_PROGRAMS.find(({ program }) => findProgram(program) === undefined)
  if (missing !== undefined) return no(`${missing.program} is not installed`, `${missing.install}.`)
  const { status, stderr } = spawnSync('nft', ['--check', 'add table inet chaos_doctor { flags owner; }'], {
    ...{ encoding: 'utf8', timeout: LONGEST_MS },
  })
  if (status === 0) return { what, allowed: true, detail: `nft, Linux ${release()}`, isNeeded: true }
  return no(
    `nft refuses: ${stderr?.trim().split('\n')[0] || 'it does not end'}`,
    'Rules between containers need Linux 5.12 or later and the capability NET_ADMIN.',
  )
}

export const ATTACHING_PROGRAMS: readonly Program[] = [
  { program: 'nft', install: 'apt-get install nftables' },
  { program: 'ip', install: 'apt-get install iproute2' },
  { program: 'nsenter', install: 'apt-get install util-linux' },
]

/**
 * Reports whether the rules in the engine's network apply to packets within a bridge. If they do not, chaos puts its
 * rules into the containers' own networks.
 */
function bridge(): Allowance {
  const passes = bridgePassesRules()
  return {
    ...{ what: 'bridges', allowed: true, isNeeded: false },
    detail:
      passes === true
        ? 'the rules apply to traffic within a bridge'
        : `${passes === undefined ? 'the kernel module br_netfilter is not loaded' : 'traffic within a bridge bypasses the rules'}, so the rules go into the containers' own networks`,
  }
}

function pausing(): Allowance {
  const groups = hasUnifiedGroups() ? 2 : 1
  const allowed = groups === 2 || !isRootless()
  return {
    ...{ what: 'pause', allowed, isNeeded: false },
    detail: `control groups of version ${groups}${allowed ? '' : ', which a rootless engine cannot freeze'}`,
    remedy: 'Instead: --faults kill. Or boot with systemd.unified_cgroup_hierarchy=1.',
  }
}

function clocks(): Allowance {
  const library = findLibrary()
  return {
    ...{ what: 'clocks', allowed: library !== undefined, isNeeded: false },
    detail: library ?? 'libfaketime, which "clocks" needs to move clocks of containers, is not installed',
    remedy: WITHOUT_LIBRARY,
  }
}
